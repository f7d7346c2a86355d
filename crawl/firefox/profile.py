"""The temporary profile of one Firefox: its folder, its preferences, the authorities that it trusts.

A file in each folder names the worker that owns it, so that the next start removes folders of killed workers.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from cryptography import x509

from overscripted.crawl import processes
from overscripted.errors import InputError, SoftwareMissing

PREFIX = "overscripted-firefox-"
_OWNER = "owner.json"
# The most that all pages together may store on disk. Firefox gives each site a fifth of it. Its own limits:
# half of the disk and 10 GB per site: a page can fill that in 15 s.
STORED_BYTES = 10 * 2**30

Pref = str | int | bool

# Purpose: no traffic and no work but that of pages. A page can start no dialog, prompt, download or external
# program. Nothing is kept. Firefox's own preferences for remote control are turned off, as some of them are
# unsafe (unlimited history, permissions granted for tests); the useful ones are repeated here.
BASE: dict[str, Pref] = {
    "remote.prefs.recommended": False,
    "app.normandy.api_url": "",
    "apz.content_response_timeout": 60_000,
    "browser.backup.enabled": False,
    "browser.contentblocking.introCount": 99,
    "browser.download.panel.shown": True,
    "browser.http.blank_page_with_error_response.enabled": True,
    "browser.ml.enable": False,
    "browser.pagethumbnails.capturing_disabled": True,
    "browser.startup.couldRestoreSession.count": -1,
    "browser.tabs.remote.unloadDelayMs": 0,
    "browser.tabs.warnOnCloseOtherTabs": False,
    "browser.tabs.warnOnOpen": False,
    "browser.toolbars.bookmarks.visibility": "never",
    "browser.translations.enable": False,
    "browser.urlbar.suggest.searches": False,
    "datareporting.usage.uploadEnabled": False,
    "telemetry.fog.test.localhost_port": -1,
    "dom.file.createInChild": True,
    "dom.ipc.reportProcessHangs": False,
    "dom.ipc.processPriorityManager.enabled": False,  # no window is in the background
    "threads.lower_mainthread_priority_in_background.enabled": False,
    "extensions.blocklist.enabled": False,
    "extensions.enabledScopes": 5,
    "extensions.installDistroAddons": False,
    "focusmanager.testmode": True,  # a page gets the focus within its process, see content_process/focus.js
    "geo.prompt.open_system_prefs": False,
    "geo.wifi.scan": False,
    "identity.fxaccounts.enabled": False,
    "network.http.prompt-temp-redirect": False,
    "network.manage-offline-status": False,
    "places.semanticHistory.featureGate": False,
    # We measure what pages do to everyone, not what tracking protection leaves of it
    "privacy.trackingprotection.enabled": False,
    "privacy.trackingprotection.pbmode.enabled": False,
    "security.certerrors.mitm.priming.enabled": False,
    "signon.management.page.breach-alerts.enabled": False,
    "widget.windows.window_occlusion_tracking.enabled": False,
    # Firefox has asynchronous stacks in debugged code only: a watched worker would differ from others
    "javascript.options.asyncstack": False,
    # Firefox's own traffic
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutHomeSnippets.updateUrl": "",
    "browser.discovery.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.newtabpage.activity-stream.feeds.topsites": False,
    "browser.newtabpage.activity-stream.feeds.section.topstories": False,
    "browser.region.network.url": "",
    "browser.region.update.enabled": False,
    "browser.safebrowsing.blockedURIs.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.provider.mozilla.updateURL": "",
    "browser.safebrowsing.provider.google4.updateURL": "",
    "browser.search.update": False,
    "browser.search.suggest.enabled": False,
    "browser.topsites.contile.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "geo.provider.network.url": "",
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-manager.url": "",
    "messaging-system.rsexperimentloader.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "security.OCSP.enabled": 0,
    "security.remote_settings.crlite_filters.enabled": False,
    "security.remote_settings.intermediates.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "",
    "toolkit.telemetry.unified": False,
    "toolkit.telemetry.archive.enabled": False,
    # No lookup and no connection that the page did not ask for
    "browser.send_pings": False,
    "network.predictor.enabled": False,
    "network.trr.mode": 5,
    # No work of Firefox on each page for a person who reads it or fills in its forms
    "browser.formfill.enable": False,
    "browser.urlbar.formatting.enabled": False,
    "extensions.formautofill.addresses.enabled": False,
    "extensions.formautofill.creditCards.enabled": False,
    "reader.parse-on-load.enabled": False,
    # No dialogs and messages at the start and the end
    "browser.aboutConfig.showWarning": False,
    "browser.aboutwelcome.enabled": False,
    "browser.bookmarks.restore_default_bookmarks": False,
    "browser.rights.3.shown": True,
    "browser.sessionstore.enabled": False,
    "browser.sessionstore.resume_from_crash": False,
    "browser.sessionstore.interval": 2**31 - 1,
    "browser.sessionstore.max_tabs_undo": 0,
    "browser.sessionstore.max_windows_undo": 0,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.tabs.warnOnClose": False,
    "browser.warnOnQuit": False,
    "browser.dom.window.dump.enabled": False,
    "devtools.console.stdout.chrome": False,
    "devtools.console.stdout.content": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "trailhead.firstrun.didSeeAboutWelcome": True,
    "termsofuse.bypassNotification": True,
    "startup.homepage_welcome_url": "",
    "toolkit.startup.max_resumed_crashes": -1,
    "xpinstall.signatures.required": False,  # where the build allows it; temporary add-ons need no signature
    "extensions.autoDisableScopes": 0,
    "extensions.startupScanScopes": 0,
    "places.history.enabled": False,
    # Pages cannot block Firefox, ask a person, save files or start programs
    "browser.download.useDownloadDir": True,
    "browser.download.always_ask_before_handling_new_types": False,
    "browser.download.start_downloads_in_tmp_dir": True,
    "browser.helperApps.deleteTempFileOnExit": True,
    # A pop-up opens as a tab: a new window would take the focus from the pages of all visits
    "browser.link.open_newwindow": 3,
    "browser.link.open_newwindow.restriction": 0,
    "browser.tabs.loadDivertedInBackground": True,
    "privacy.popups.showBrowserMessage": False,  # no bar for a person: it takes room from the page
    "dom.successive_dialog_time_limit": 0,  # we dismiss dialogs, up to a number
    "dom.ipc.processHangMonitor": False,  # we end a hung page; no dialog does
    "dom.max_script_run_time": 0,
    "dom.max_chrome_script_run_time": 0,
    # The value of Firefox 157 and later (bug 1922677). Before: 1,000, each costs the parent process 10 ms
    "dom.navigation.navigationRateLimit.count": 200,  # per 10 s
    "dom.popup_maximum": 10,  # where pop-ups are allowed: they cost Firefox more than anything else
    "dom.webnotifications.enabled": True,
    "network.protocol-handler.expose-all": False,
    "network.protocol-handler.expose.http": True,
    "network.protocol-handler.expose.https": True,
    "network.protocol-handler.expose.about": True,
    "network.protocol-handler.expose.blob": True,
    "network.protocol-handler.expose.data": True,
    "network.protocol-handler.expose.javascript": True,
    "network.protocol-handler.expose.moz-extension": True,
    "network.protocol-handler.warn-external-default": False,
    "print.enabled": False,
    "browser.zoom.siteSpecific": False,  # zoom belongs to a tab, not to a site in all containers
    "privacy.userContext.enabled": True,
    "security.external_protocol_requires_permission": True,
    "signon.autofillForms": False,
    "signon.rememberSignons": False,
    # What a page gets must not depend on the number of pages
    "browser.cache.disk.enable": False,  # each visit has its own partition in memory: nothing to keep
    "browser.tabs.unloadOnLowMemory": False,
    "network.http.max-connections": 1800,
    "network.websocket.max-connections": 1800,  # Firefox's default is 200 for all tabs together
    "network.http.max-persistent-connections-per-proxy": 255,
}


def popups(mode: str) -> dict[str, Pref]:
    """Preferences for pop-ups that no click opens: ``block`` or ``allow``."""
    return {"dom.disable_open_during_load": mode == "block"}


def create(prefs: dict[str, Pref], authorities: list[Path], window: tuple[int, int] | None = None) -> Path:
    """A new folder: ``profile`` for Firefox, ``home`` and ``tmp`` for its processes.

    ``authorities`` are PEM files of certificate authorities to trust. ``window`` is the size of its window.
    Raises InputError for one that is no certificate, SoftwareMissing without NSS's certutil.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        (folder / _OWNER).write_text(
            json.dumps({"pid": os.getpid(), "started": processes.start_time(os.getpid())}), "utf-8"
        )
        profile = folder / "profile"
        for path in (profile, folder / "home", folder / "tmp"):
            path.mkdir()
        stored = min(STORED_BYTES, shutil.disk_usage(folder).free // 4)
        here: dict[str, Pref] = {
            "browser.download.dir": str(folder / "tmp"),
            "dom.quotaManager.temporaryStorage.fixedLimit": stored >> 10,
        }
        merged = {**BASE, **here, **prefs}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in merged.items()]
        (profile / "user.js").write_text("\n".join(lines) + "\n", "utf-8")
        if window:
            place = {"screenX": "0", "screenY": "0", "width": str(window[0]), "height": str(window[1])}
            stored_window = {"chrome://browser/content/browser.xhtml": {"main-window": place}}
            (profile / "xulstore.json").write_text(json.dumps(stored_window), "utf-8")
        if authorities:
            _trust(profile, authorities)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def own(folder: Path, firefox: int) -> None:
    """Note Firefox's process beside that of its owner, for `clean`."""
    owner = json.loads((folder / _OWNER).read_text("utf-8"))
    owner |= {"firefox": firefox, "firefox_started": processes.start_time(firefox)}
    (folder / _OWNER).write_text(json.dumps(owner), "utf-8")


def remove(folder: Path) -> None:
    """Delete the folder, also what a dying process still writes into it."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


def clean() -> int:
    """Remove the folders and kill the Firefoxes of workers that have ended; returns how many folders."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        owner = _owner(folder)
        if owner is None or _runs(owner.get("pid"), owner.get("started")):
            continue
        if _runs(owner.get("firefox"), owner.get("firefox_started")):
            processes.kill_group(owner["firefox"])
        remove(folder)
        removed += 1
    return removed


def _owner(folder: Path) -> dict[str, Any] | None:
    # A folder without a readable owner is being made at this moment, unless it is old.
    try:
        owner = json.loads((folder / _OWNER).read_text("utf-8"))
        return owner if isinstance(owner, dict) else {}
    except FileNotFoundError:
        try:
            return {} if time.time() - folder.stat().st_mtime > 60 else None
        except OSError:
            return None
    except (OSError, ValueError):
        return None


def _runs(pid: Any, started: Any) -> bool:
    """Whether the process that a file names still runs."""
    return isinstance(pid, int) and processes.runs(pid, started or 0)


def check(authorities: list[Path]) -> None:
    """Raise the errors that `create` would raise for these authorities."""
    for path in authorities:
        if not path.is_file():
            raise InputError(f"--ca {path}: no such file; give a PEM file of a certificate authority")
        try:
            x509.load_pem_x509_certificate(path.read_bytes())
        except ValueError as error:
            raise InputError(f"--ca {path}: not a PEM certificate of an authority") from error
    if authorities and not shutil.which("certutil"):
        raise SoftwareMissing(
            "--ca needs certutil to make Firefox trust it; install NSS's tools "
            "(Debian, Ubuntu: apt install libnss3-tools)"
        )


def _trust(profile: Path, authorities: list[Path]) -> None:
    check(authorities)
    database = f"sql:{profile}"
    _certutil(["-N", "-d", database, "--empty-password"], "making the profile's certificate store")
    for number, path in enumerate(authorities):
        arguments = ["-A", "-d", database, "-n", f"overscripted-{number}", "-t", "C,,", "-a", "-i", str(path)]
        _certutil(arguments, f"--ca {path}: refused")


def _certutil(arguments: list[str], purpose: str) -> None:
    done = subprocess.run(
        ["certutil", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
    )
    if done.returncode:
        raise InputError(f"{purpose}: {done.stderr.strip() or done.returncode}")
