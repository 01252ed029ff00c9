"""Messages about uploads: plans, parts and their states."""

from typing import Final

MESSAGES: Final = {
    "upload-not-canonical": (
        "{path} is not a canonical file of calls ({reason}). `calltools convert` makes one.",
        "{path} — не канонический файл звонков ({reason}). Его делает `calltools convert`.",
    ),
    "upload-unreadable": (
        "{path} cannot be read: {reason}.",
        "{path} не прочитать: {reason}.",
    ),
    "upload-changed": (
        "{path} was changed while its upload was being prepared. Nothing was sent. Run again.",
        "{path} изменился, пока готовилась загрузка. Ничего не отправлено. Повторите.",
    ),
    "upload-errors": (
        "{path} holds {count} errors: nothing was sent. Mend them, or leave the bad records out by --skip-bad.",
        "В {path} ошибок: {count}. Ничего не отправлено. Исправьте их или оставьте плохие записи: --skip-bad.",
    ),
    "upload-left-out": ("left out because of errors: {count}", "не отправлены из-за ошибок: {count}"),
    "upload-dry-run": (
        "{path}: {count} calls could be uploaded; nothing was sent",
        "{path}: можно загрузить звонков {count}; ничего не отправлено",
    ),
    "upload-counter-needed": (
        "Say which counter: --counter N, its number in Metrica.",
        "Укажите счётчик: --counter N, его номер в Метрике.",
    ),
    "upload-comment-wrong": (
        "--comment takes letters, digits and spaces, at most {limit}: the service refuses anything else.",
        "--comment — это буквы, цифры и пробелы, не больше {limit}: другого сервис не принимает.",
    ),
    "upload-stdin-twice": (
        "Standard input cannot hold both the file and the token. Use --token-file or CALLTOOLS_TOKEN.",
        "Со стандартного входа нельзя прочитать и файл, и токен. Используйте --token-file или CALLTOOLS_TOKEN.",
    ),
    "upload-ledger": ("ledger: {folder}, uploads {count}", "журнал загрузок: {folder}, загрузок {count}"),
    "upload-service": (
        "service: {host}, at most {seconds} s for a request",
        "сервис: {host}, не больше {seconds} с на запрос",
    ),
    "upload-plan": (
        "{path} to counter {counter}: {sent} of {records} calls to send",
        "{path} в счётчик {counter}: к отправке звонков {sent} из {records}",
    ),
    "upload-plan-part": (
        "  part {part} of {parts}: {records} calls by {kind}",
        "  часть {part} из {parts}: звонков {records} по {kind}",
    ),
    "upload-plan-unchanged": ("  sent before: {count}", "  отправлены раньше: {count}"),
    "upload-plan-changed": (
        "  sent before, changed since: {count}; --changed sends them again",
        "  отправлены раньше и с тех пор изменились: {count}; --changed отправит их снова",
    ),
    "upload-plan-doubled": (
        "  the same call twice in the file, sent once: {count}",
        "  повторы внутри файла, отправляются один раз: {count}",
    ),
    "upload-plan-left": (
        "  left from an earlier run and sent first: {name}, {rows} calls",
        "  осталось от прошлого запуска, уйдёт первым: {name}, звонков {rows}",
    ),
    "upload-held": (
        "It is not known whether {count} calls of this file have arrived ({names}), so nothing of it was sent. "
        "`calltools uploads resume` looks again.",
        "Неизвестно, дошли ли звонки этого файла: {count} ({names}), поэтому из него ничего не отправлено. "
        "`calltools uploads resume` проверит ещё раз.",
    ),
    "upload-nothing": (
        "nothing to send: of each of the {records} calls it is said above why",
        "отправлять нечего: о каждом из звонков ({records}) выше сказано, почему",
    ),
    "upload-declined": (
        "nothing was sent; {count} calls stay where they are",
        "ничего не отправлено, звонков осталось: {count}",
    ),
    "upload-confirm": (
        "Send {count} calls? It cannot be taken back. [y/N] ",
        "Отправить звонков: {count}? Отозвать их потом нельзя. [д/Н] ",
    ),
    "upload-yes-needed": (
        "Nobody can be asked here: give --yes to send, or --plan to see what would be sent.",
        "Спросить некого: укажите --yes, чтобы отправить, или --plan, чтобы увидеть, что уйдёт.",
    ),
    "upload-sending": (
        "sending {name}: {rows} calls, part {part} of {parts}",
        "отправка {name}: звонков {rows}, часть {part} из {parts}",
    ),
    "upload-again": ("no answer; trying again in {seconds} s", "ответа нет; новая попытка через {seconds} с"),
    "upload-quota-wait": (
        "quota used up; {rows} calls wait {seconds} s",
        "квота исчерпана; звонков ждёт: {rows}, секунд: {seconds}",
    ),
    "upload-looking": (
        "{name}: not known whether {rows} calls arrived; looking for them in the list of uploadings",
        "{name}: неизвестно, дошли ли звонки ({rows}); ищу их в списке загрузок",
    ),
    "upload-followed": (
        "{name}: the service has {rows} calls; following what it does with them",
        "{name}: звонки ({rows}) у сервиса; слежу за обработкой",
    ),
    "upload-status": (
        "{name}: {rows} calls, {status}",
        "{name}: звонков {rows}, {status}",
    ),
    "upload-asked-in-vain": (
        "{name}: {rows} calls were accepted; the service does not answer just now",
        "{name}: звонков принято {rows}; сервис сейчас не отвечает",
    ),
    "upload-interrupted": (
        "Interrupted. What was sent and what was not:",
        "Прервано. Что ушло, а что нет:",
    ),
    "upload-batch-held": (
        "{name}: not known whether its {sent} calls have arrived; they are held and not sent again. "
        "`calltools uploads resume` looks again.",
        "{name}: неизвестно, дошли ли её звонки ({sent}); они отложены и повторно не отправляются. "
        "`calltools uploads resume` проверит ещё раз.",
    ),
    "upload-batch-doubled": (
        "{name}: the service has it more than once ({reason}). Nothing is sent again; ask Metrica's support.",
        "{name}: у сервиса она больше одного раза ({reason}). Повторно ничего не уйдёт; обратитесь в поддержку Метрики.",
    ),
    "upload-batch-none": (
        "{name}: the service accepted no call of {sent}.",
        "{name}: сервис не принял ни одного звонка из {sent}.",
    ),
    "upload-batch-partial": (
        "{name}: the service accepted {accepted} of {sent} calls; it does not say which.",
        "{name}: сервис принял звонков {accepted} из {sent}; каких именно, он не сообщает.",
    ),
    "upload-batch-unlinked": (
        "{name}: none of its {dynamic} dynamic calls could be linked to a visit. Look at the identifiers and at the age of the calls.",
        "{name}: ни одного из динамических звонков ({dynamic}) не удалось связать с визитом. Проверьте идентификаторы и давность звонков.",
    ),
    "upload-batch-static": (
        "{name}: all {sent} calls are static, so none was to be linked: LINKAGE_FAILURE is the success here.",
        "{name}: все звонки ({sent}) статические, связывать было нечего: LINKAGE_FAILURE здесь означает успех.",
    ),
    "upload-batch-watched": (
        "{name}: the service has its {sent} calls and still works on them. `calltools uploads watch {name}` goes on.",
        "{name}: звонки ({sent}) у сервиса, он ещё обрабатывает их. Следить дальше: `calltools uploads watch {name}`.",
    ),
    "upload-batch-linked-unknown": (
        "{name}: the service does not say how many of its {dynamic} dynamic calls are linked, so --min-linked cannot be "
        "met.",
        "{name}: сервис не сообщает, сколько динамических звонков из {dynamic} связано, поэтому условие --min-linked не "
        "выполнено.",
    ),
    "upload-batch-linked-few": (
        "{name}: linked {linked} of {dynamic} dynamic calls, fewer than --min-linked asks for.",
        "{name}: связано динамических звонков {linked} из {dynamic} — меньше, чем требует --min-linked.",
    ),
    "upload-clean-before": (
        "{path}: these bytes were found clean before by this version, so they are not checked again",
        "{path}: эти же байты эта версия уже проверила и ошибок не нашла, повторной проверки нет",
    ),
    "upload-plan-waiting": (
        "  in parts that an earlier run has left: {count}",
        "  в частях, оставшихся от прошлого запуска: {count}",
    ),
    "upload-batch-waiting": (
        "{name}: nothing was sent of its {sent} calls. They wait: the next `calltools upload` to this counter or "
        "`calltools uploads resume` sends them.",
        "{name}: из её звонков ({sent}) ничего не отправлено. Они ждут: их отправит следующая `calltools upload` в этот "
        "счётчик или `calltools uploads resume`.",
    ),
    "upload-batch-refused": (
        "{name}: the service refused it; none of its {sent} calls was stored. Upload the file again when it is mended.",
        "{name}: сервис её отклонил; ни один из звонков ({sent}) не сохранён. Загрузите файл снова, когда причина устранена.",
    ),
    "upload-batch-released": (
        "{name}: withdrawn; none of its {sent} calls was sent.",
        "{name}: отозвана; ни один из её звонков ({sent}) не отправлен.",
    ),
    "upload-batch-given-up": (
        "{name}: left as it is; its {sent} calls stay known and go again only by --all.",
        "{name}: оставлена как есть; её звонки ({sent}) считаются известными и уйдут снова только с --all.",
    ),
    "step-freeze": ("{rows} calls written down", "записано звонков: {rows}"),
    "step-reserve": ("{rows} calls set aside to be sent", "отложено для отправки звонков: {rows}"),
    "step-send": ("attempt {n} begins: {rows} calls", "начата попытка {n}, звонков: {rows}"),
    "step-accept": (
        "the service has all {rows} calls, as uploading {upload_id}",
        "сервис принял все звонки ({rows}), загрузка {upload_id}",
    ),
    "step-accept-part": (
        "the service accepted {accepted} of {rows} calls, as uploading {upload_id}",
        "сервис принял звонков {accepted} из {rows}, загрузка {upload_id}",
    ),
    "step-reject": (
        "the service refused it; {rows} calls are free again",
        "сервис отклонил её; звонки ({rows}) снова свободны",
    ),
    "step-fail-to-send": ("no connection; {rows} calls wait", "нет соединения; звонков ждёт: {rows}"),
    "step-throttle": ("quota used up; {rows} calls wait", "квота исчерпана; звонков ждёт: {rows}"),
    "step-lose": (
        "no clear end: {rows} calls may have arrived or not",
        "исход неясен: звонки ({rows}) могли дойти, а могли и нет",
    ),
    "step-find": (
        "found in the list, as uploading {upload_id}: the service has its {rows} calls",
        "найдена в списке, загрузка {upload_id}: звонки ({rows}) у сервиса",
    ),
    "step-find-part": (
        "found in the list, as uploading {upload_id}: accepted {accepted} of {rows} calls",
        "найдена в списке, загрузка {upload_id}: принято звонков {accepted} из {rows}",
    ),
    "step-find-many": (
        "found in the list more than once: {rows} calls are there twice",
        "найдена в списке не один раз: звонки ({rows}) там дважды",
    ),
    "step-miss": (
        "not in the list; {rows} calls stay held",
        "в списке её нет; звонки ({rows}) остаются отложенными",
    ),
    "step-settle": (
        "missing for long enough: {rows} calls count as not arrived",
        "её нет достаточно долго: звонки ({rows}) считаются не дошедшими",
    ),
    "step-hold": ("held: a person decides about {rows} calls", "отложена: о звонках ({rows}) решает человек"),
    "step-resend": ("to be sent again: {rows} calls", "будет отправлена снова, звонков: {rows}"),
    "step-give-up": (
        "left as it is: {rows} calls stay known",
        "оставлена как есть: звонки ({rows}) считаются известными",
    ),
    "step-release": ("withdrawn: {rows} calls are free again", "отозвана: звонки ({rows}) снова свободны"),
    "step-look": ("the service says {status}", "сервис сообщает: {status}"),
    "step-process": (
        "the service is done: linked {linked} of {rows} calls",
        "сервис закончил: связано звонков {linked} из {rows}",
    ),
    "step-fail-linkage": (
        "the service is done: none of {rows} calls is linked",
        "сервис закончил: не связан ни один звонок из {rows}",
    ),
    "step-tire": (
        "no longer watched; the service still works on {rows} calls",
        "наблюдение прекращено; сервис ещё обрабатывает звонки ({rows})",
    ),
    "uploads-not-resent": (
        "{name}: nobody could look whether its {rows} calls are there, so they are not sent again. Try once more when "
        "the list of uploadings can be read.",
        "{name}: нельзя было посмотреть, есть ли там её звонки ({rows}), поэтому снова они не отправлены. Повторите, "
        "когда список загрузок станет доступен.",
    ),
    "uploads-none": ("no uploads yet", "загрузок ещё не было"),
    "uploads-nothing-held": ("nothing is held and nothing waits", "ничего не отложено и ничего не ждёт отправки"),
    "uploads-ledger-only": (
        "What the service says is missing here: {reason}",
        "Здесь нет того, что говорит сервис: {reason}",
    ),
}
