"""What the service says, in the documented forms."""


def uploading_object(store, one):
    """One uploading as the reference shows it."""
    return {
        "id": one.id,
        "create_time": one.created,
        "source_quantity": one.source_quantity,
        "line_quantity": len(one.rows),
        "comment": one.comment,
        "type": "CALLS",
        "client_id_type": one.client_id_type or "CLIENT_ID",
        "status": store.status(one),
        "static_calls_quantity": one.static,
        "dynamic_calls_quantity": len(one.rows) - one.static,
        **({"linked_quantity": one.linked} if store.status(one) in {"PROCESSED", "LINKAGE_FAILURE"} else {}),
    }


def counter_object(number):
    return {
        "id": number,
        "name": "Loopback",
        "permission": "view" if number == 403 else "edit",
        "site2": {"site": "shop.example"},
        "time_zone_name": "Europe/Moscow",
    }


def error_object(status, kind, message):
    """The error form of all of Yandex's interfaces."""
    return {
        "errors": [{"error_type": kind, "message": message, "location": "file"}],
        "code": status,
        "message": message,
    }


def extract_file(content_type, body):
    """The one part named ``file`` of a multipart body; ``None``: there is none. Framing is strict, as RFC 2046 has it."""
    mark = b"--" + content_type.partition("boundary=")[2].encode()
    if not (body.startswith(mark + b"\r\n") and body.endswith(b"\r\n" + mark + b"--\r\n")):
        return None
    head, _, content = body[len(mark) : -len(mark) - 6].partition(b"\r\n\r\n")
    if b'name="file"' in head and mark not in content:
        return content
    return None
