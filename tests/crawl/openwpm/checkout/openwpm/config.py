"""OpenWPM's parameters: some of them, with their types and defaults."""

import dataclasses
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .errors import ConfigError


class _FromDict:
    @classmethod
    def from_dict(cls, given):
        """As dataclasses_json makes it."""
        return cls(**given)

    def to_json(self):
        """As dataclasses_json writes it."""
        return json.dumps(dataclasses.asdict(self), default=str)


@dataclass
class BrowserParams(_FromDict):
    """Parameters of a browser."""

    cookie_instrument: bool = True
    js_instrument: bool = False
    js_instrument_settings: list[str | dict] = field(default_factory=lambda: ["collection_fingerprinting"])
    http_instrument: bool = False
    navigation_instrument: bool = False
    save_content: bool | str = False
    callstack_instrument: bool = False
    dns_instrument: bool = False
    seed_tar: Path | None = None
    display_mode: Literal["native", "headless", "xvfb"] = "native"
    browser: str = "firefox"
    prefs: dict = field(default_factory=dict)
    tp_cookies: str = "always"
    bot_mitigation: bool = False
    profile_archive_dir: Path | None = None
    tmp_profile_dir: Path = field(default=Path(tempfile.gettempdir()))
    maximum_profile_size: int | None = None
    recovery_tar: Path | None = None
    donottrack: bool = False
    tracking_protection: bool = False
    custom_params: dict[Any, Any] = field(default_factory=dict)


@dataclass
class ManagerParams(_FromDict):
    """Parameters of the manager."""

    data_directory: Path = field(default=Path.home() / "openwpm")
    log_path: Path = field(default=Path.home() / "openwpm" / "openwpm.log")
    testing: bool = False
    memory_watchdog: bool = False
    process_watchdog: bool = False
    num_browsers: int = 1
    _failure_limit: int | None = None

    @property
    def failure_limit(self):
        """Failed commands after which OpenWPM gives up."""
        return 2 * self.num_browsers + 10 if self._failure_limit is None else self._failure_limit

    @failure_limit.setter
    def failure_limit(self, value):
        self._failure_limit = value


def validate_crawl_configs(manager_params, browser_params):
    """Raise ConfigError, as OpenWPM does: the reason is the context of a general error."""
    for params in browser_params:
        try:
            if params.callstack_instrument:
                raise ConfigError("The callstacks instrument currently doesn't work")
        except ConfigError:
            raise ConfigError("Something went wrong while validating BrowserParams.")  # noqa: B904
    if len(browser_params) != manager_params.num_browsers:
        raise ConfigError("Number of BrowserParams instances is not the same as num_browsers.")
