"""Responses of the service in the documented forms."""

from datetime import datetime, timedelta, timezone

MOSCOW = timezone(timedelta(hours=3))


def uploading_object(store, uploading):
    """One uploading as in the reference."""
    return {
        "id": uploading.id,
        "create_time": uploading.created,
        "source_quantity": uploading.source_quantity,
        "line_quantity": len(uploading.rows),
        "comment": uploading.comment,
        "type": "CALLS",
        "client_id_type": uploading.client_id_type or "CLIENT_ID",
        "status": store.status(uploading),
        "static_calls_quantity": uploading.static,
        "dynamic_calls_quantity": len(uploading.rows) - uploading.static,
        **(
            {"linked_quantity": uploading.linked} if store.status(uploading) in {"PROCESSED", "LINKAGE_FAILURE"} else {}
        ),
    }


def report_object(uploadings, query, *, share=1, sampled=False):
    """Calls and missed calls by day in Moscow, as floating-point numbers; the service leaves out days without any."""
    assert query["metrics"] == "ym:s:offlineCalls,ym:s:offlineCallsMissed", query
    days = {}
    for row in (row for uploading in uploadings for row in uploading.rows):
        day = f"{datetime.fromtimestamp(int(row['DateTime']), MOSCOW):%Y-%m-%d}"
        if query["date1"] <= day <= query["date2"]:
            counts = days.setdefault(day, [0.0, 0.0])
            counts[0] += share
            counts[1] += share * (row.get("CallMissed") == "1")
    rows = [{"dimensions": [{"name": day}], "metrics": counts} for day, counts in sorted(days.items())]
    return {"query": {"ids": [int(query["ids"])]}, "data": rows, "total_rows": len(rows), "sampled": sampled}


def counter_object(number, counters):
    """A counter as in the reference, and its visits, which only the reports have.

    Args:
        number: Of the counter.
        counters: What is special about some of them.
    """
    return {
        "id": number,
        "name": "Loopback",
        "permission": "view" if number == 403 else "edit",
        "owner_login": "owner",
        "site2": {"site": "shop.example"},
        "time_zone_name": "Europe/Moscow",
        "visits": 42,
        **counters.get(number, {}),
    }


def error_object(status, kind, message):
    """The error form of the interfaces of Yandex."""
    return {
        "errors": [{"error_type": kind, "message": message, "location": "file"}],
        "code": status,
        "message": message,
    }


def extract_file(content_type, body):
    """Extract the only part, named ``file``, of a multipart body; ``None``: there is none. Strict, by RFC 2046."""
    mark = b"--" + content_type.partition("boundary=")[2].encode()
    if not (body.startswith(mark + b"\r\n") and body.endswith(b"\r\n" + mark + b"--\r\n")):
        return None
    head, _, content = body[len(mark) : -len(mark) - 6].partition(b"\r\n\r\n")
    if b'name="file"' in head and mark not in content:
        return content
    return None
