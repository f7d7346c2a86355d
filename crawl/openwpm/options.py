"""Which options of the crawl OpenWPM cannot serve. They are refused by name, not ignored."""

from overscripted.crawl.settings import Options
from overscripted.errors import InputError

OWN, OPENWPM = "overscripted", "openwpm"
ENGINES = (OWN, OPENWPM)

# Field of Options -> its option, and what serves the purpose with OpenWPM.
_NOT_OPENWPM = {
    "variants": ("--variants", "make a run for each OpenWPM configuration"),
    "do": ("--do", "name a command of yours under `commands` in --openwpm-config"),
    "revisit_s": ("--revisit", "it has no equal"),
    "profile": ("--profile", "set reset = false, or browser.seed_tar, in --openwpm-config"),
    "save": ("--save", "set browser.save_content in --openwpm-config"),
    "record": ("--record", "it records headers and bodies of scripts in the tables"),
    "replay": ("--replay", "OpenWPM has a network of its own"),
    "instrument": ("--instrument", "set browser.js_instrument_settings in --openwpm-config"),
    "authorities": ("--ca", "give a profile that trusts the authority, browser.seed_tar in --openwpm-config"),
    "visits_per_browser": ("--visits-per-browser", "set reset in --openwpm-config"),
}
_ONLY_OPENWPM = {
    "openwpm": "--openwpm",
    "openwpm_python": "--openwpm-python",
    "openwpm_config": "--openwpm-config",
}


def check(options: Options) -> None:
    """Raise InputError for an option that the chosen engine does not have."""
    plain = Options()
    if options.engine not in ENGINES:
        raise InputError(f"--engine {options.engine}: choose from {', '.join(ENGINES)}")
    if options.engine == OWN:
        for field, name in _ONLY_OPENWPM.items():
            if getattr(options, field):
                raise InputError(f"{name}: give --engine openwpm with it")
        return
    for field, (name, instead) in _NOT_OPENWPM.items():
        if getattr(options, field) != getattr(plain, field):
            raise InputError(f"{name}: not possible with --engine openwpm; {instead}")
    if not options.openwpm:
        raise InputError("--engine openwpm: name OpenWPM's checkout with --openwpm PATH")
