"""OpenWPM's settings of its JavaScript instrument."""


def clean_js_instrumentation_settings(user_requested_settings):
    """The settings in full; an unknown collection raises."""
    if user_requested_settings != ["collection_fingerprinting"]:
        raise RuntimeError(f"unknown settings {user_requested_settings}")
    log = {
        "propertiesToInstrument": [{"depth": 0, "propertyNames": ["userAgent", "platform"]}],
        "nonExistingPropertiesToInstrument": [],
        "excludedProperties": [],
    }
    return [{"object": "window.navigator", "instrumentedName": "window.navigator", "logSettings": log}]
