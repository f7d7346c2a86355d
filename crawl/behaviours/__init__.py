"""Behaviours: what the crawl does on a page after its load (``crawl --do``), one file each."""

from overscripted.crawl.behaviours.behaviour import Behaviour as Behaviour
from overscripted.crawl.behaviours.consent import CONSENT
from overscripted.crawl.behaviours.forms import FORMS
from overscripted.crawl.behaviours.links import LINKS
from overscripted.crawl.behaviours.mouse import MOUSE
from overscripted.crawl.behaviours.scroll import SCROLL
from overscripted.crawl.behaviours.wait import WAIT

BEHAVIOURS: dict[str, Behaviour] = {
    behaviour.name: behaviour for behaviour in (SCROLL, MOUSE, CONSENT, FORMS, LINKS, WAIT)
}
