"""Changes of the document or address of a tab, pop-up or frame."""

from overscripted.columns import BOOL, FRAME, INT, STR, TIME, VISIT, Column, Table
from overscripted.described import Described
from overscripted.record_kinds.kind import RecordKind


class Cause(Described):
    """What started a navigation. ``meaning`` says when it is the cause."""

    INITIAL = "initial", "the crawl itself (the seed), or the first load of a frame with its element"
    LINK = (
        "link",
        "a link, clicked by a person or by a script's `click()`; also a form that is not sent by HTTP",
    )
    FORM = "form", "a form that is sent by HTTP, by a person or a script"
    SCRIPT = "script", "a script: `location`, `window.open`, an attribute of a frame that has loaded before"
    META_REFRESH = "meta_refresh", "`<meta http-equiv=refresh>`, or the response header `Refresh`"
    RELOAD = "reload", "`location.reload()`"
    HISTORY = "history", "a step back or forward in the history"
    PUSH_STATE = "push_state", "`history.pushState` or `history.replaceState`"
    FRAGMENT = "fragment", "another fragment of the same document, by a link (no `script_url`) or a script"
    DOCUMENT_OPEN = "document_open", "`document.open`, also by a `document.write` after the load"


class Ending(Described):
    """How a navigation ended. ``meaning`` says when."""

    COMMITTED = "committed", "the document or address is there"
    FAILED = "failed", "an error, which `error` names; Firefox shows a page of its own"
    ABORTED = "aborted", "another navigation, the page or the end of the frame stopped it"
    NO_DOCUMENT = "no_document", "the response was a download, or had no content (204)"
    UNFINISHED = "unfinished", "the visit ended first"


def _words(words: type[Described]) -> str:
    return "; ".join(f"`{word}`: {word.meaning}" for word in words)


NAVIGATIONS = RecordKind(
    Table(
        "navigations",
        "one navigation of a tab, pop-up or frame: a change of its document, or of the document's address",
        (
            *VISIT,
            *FRAME,
            Column(
                "ordinal", INT, "Number within the visit, from 0, as they began; a cap leaves numbers out"
            ),
            Column("from_url", STR, "URL before; NULL for the first document of a tab, pop-up or frame"),
            Column("url", STR, "URL that was asked for"),
            Column("committed_url", STR, "URL that came, after redirects of servers; NULL if none came"),
            Column("cause", STR, f"What started it. {_words(Cause)}. NULL: unknown"),
            Column("same_document", BOOL, "Whether the document stayed and only its address changed"),
            Column("outcome", STR, f"How it ended. {_words(Ending)}"),
            Column("error", STR, "Firefox's name of the error; empty if there was none"),
            Column("status", INT, "HTTP status of the last response; NULL without a response of HTTP"),
            Column("server_redirects", INT, "Redirects on the way, of servers and service workers"),
            Column("request_id", STR, "Its request in `requests`; NULL where nothing was requested"),
            Column("referrer", STR, "Referrer that was sent; NULL if none was"),
            Column("referrer_policy", STR, "Referrer policy that applied; NULL without an HTTP request"),
            Column("initiator_url", STR, "URL of the document that started it, where known"),
            Column("initiator_frame_id", INT, "Frame of that document; NULL if unknown or in another window"),
            Column("script_url", STR, "Innermost script that was running at the start; empty if none was"),
            Column("call_stack", STR, "Stack of that script, as call_stack in requests"),
            Column("user_activation", BOOL, "Whether someone had just clicked or typed; NULL: unknown"),
            Column("load_type", INT, "Firefox's type of the load (nsDocShellLoadTypes.h)"),
            Column("time_stamp", TIME, "When it began"),
            Column("committed", TIME, "When the document or address was there; NULL if it never was"),
        ),
    ),
    kept="one navigation of an acknowledged visit",
    message="navigation",
    by_realm=False,
    frames={"initiator": "initiator_frame_id"},
    order=("crawl_id", "visit_id", "ordinal"),
)
