"""The temporary profile of one Firefox: its folder, its preferences, the authorities it trusts.

Every folder names its owner, so that the next start removes what a killed worker left.
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
# What all pages together may store on disk, of which Firefox gives a site a fifth. Its own limits are half of
# the disk and 10 GB a site, which a page fills in a quarter of a minute.
STORED_BYTES = 10 * 2**30

Pref = str | int | bool

# Why: no traffic and no work but the page's; no dialog, prompt, download or external program that a
# page could start; nothing kept. Firefox's own preferences for remote control are not applied, as
# some of them open doors (history floods, permissions granted for tests): those that help are here.
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
    # What is measured is what pages do to everyone, not what tracking protection leaves of it
    "privacy.trackingprotection.enabled": False,
    "privacy.trackingprotection.pbmode.enabled": False,
    "security.certerrors.mitm.priming.enabled": False,
    "signon.management.page.breach-alerts.enabled": False,
    "widget.windows.window_occlusion_tracking.enabled": False,
    # Firefox has them for code that is debugged alone, and so would a worker that is watched
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
    # Nothing is looked up or connected to that the page did not ask for
    "browser.send_pings": False,
    "network.predictor.enabled": False,
    "network.trr.mode": 5,
    # No work of Firefox's own on each page, for somebody who looks at it or fills in its forms
    "browser.formfill.enable": False,
    "browser.urlbar.formatting.enabled": False,
    "extensions.formautofill.addresses.enabled": False,
    "extensions.formautofill.creditCards.enabled": False,
    "reader.parse-on-load.enabled": False,
    # A browser that starts and ends in silence
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
    "xpinstall.signatures.required": False,  # where the build allows it; temporary add-ons need none
    "extensions.autoDisableScopes": 0,
    "extensions.startupScanScopes": 0,
    "places.history.enabled": False,
    # Pages may not stop, ask, save or start anything
    "browser.download.useDownloadDir": True,
    "browser.download.always_ask_before_handling_new_types": False,
    "browser.download.start_downloads_in_tmp_dir": True,
    "browser.helperApps.deleteTempFileOnExit": True,
    # A pop-up is a tab of the one window: another window would take the focus from the pages of all visits
    "browser.link.open_newwindow": 3,
    "browser.link.open_newwindow.restriction": 0,
    "browser.tabs.loadDivertedInBackground": True,
    "privacy.popups.showBrowserMessage": False,  # no bar for a person, which in a tab in front takes room
    "dom.successive_dialog_time_limit": 0,  # dialogs are dismissed by us, up to a number
    "dom.ipc.processHangMonitor": False,  # a hung page is ended by us, not by a dialog
    "dom.max_script_run_time": 0,
    "dom.max_chrome_script_run_time": 0,
    # As Firefox has it from 157 on (bug 1922677). Before: 1,000, and each costs the parent process 10 ms
    "dom.navigation.navigationRateLimit.count": 200,  # in 10 s
    "dom.popup_maximum": 10,  # where they are allowed: windows cost the browser more than anything else
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
    "browser.zoom.siteSpecific": False,  # a tab's own, not its site's in all user contexts
    "privacy.userContext.enabled": True,
    "security.external_protocol_requires_permission": True,
    "signon.autofillForms": False,
    "signon.rememberSignons": False,
    # What a page is given must not depend on how many pages there are
    "browser.cache.disk.enable": False,  # each visit has its own (memory) partition; nothing to keep
    "browser.tabs.unloadOnLowMemory": False,
    "network.http.max-connections": 1800,
    "network.websocket.max-connections": 1800,  # 200 for all windows together
    "network.http.max-persistent-connections-per-proxy": 255,
}


def popups(wished: str) -> dict[str, Pref]:
    """Preferences for pop-ups that no click opens: ``block`` or ``allow``."""
    return {"dom.disable_open_during_load": wished == "block"}


def create(prefs: dict[str, Pref], authorities: list[Path]) -> Path:
    """A new folder: ``profile`` for Firefox, ``home`` and ``tmp`` for its processes.

    ``authorities`` are PEM files of certificate authorities to trust.
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
        if authorities:
            _trust(profile, authorities)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def own(folder: Path, firefox: int) -> None:
    """Note Firefox's process beside its owner's, for `clean`."""
    owner = json.loads((folder / _OWNER).read_text("utf-8"))
    owner |= {"firefox": firefox, "firefox_started": processes.start_time(firefox)}
    (folder / _OWNER).write_text(json.dumps(owner), "utf-8")


def remove(folder: Path) -> None:
    """Delete the folder; what a dying process still writes is deleted too."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


def clean() -> int:
    """Remove the folders (and end the Firefoxes) of workers that are gone; how many."""
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
    # A folder without a readable owner is being made right now, unless it is old.
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
    """Raise now what `create` would raise for these authorities."""
    for path in authorities:
        if not path.is_file():
            raise InputError(f"--ca {path}: no such file; name a PEM file of a certificate authority")
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
        asked = ["-A", "-d", database, "-n", f"overscripted-{number}", "-t", "C,,", "-a", "-i", str(path)]
        _certutil(asked, f"--ca {path}: refused")


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
