"""The files around the code that others read: issue forms and the citation are well formed."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.mark.parametrize("form", [form for form in FORMS if form.name != "config.yml"], ids=lambda f: f.name)
def test_issue_forms_ask_for_what_they_need(form: Path) -> None:
    found = yaml.safe_load(form.read_text())
    assert found["name"] and found["description"]
    fields = [field for field in found["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert all(field["attributes"]["label"] for field in fields)
    ids = [field["id"] for field in fields]
    assert len(ids) == len(set(ids))
    required = {field["id"] for field in fields if field.get("validations", {}).get("required")}
    assert {"version", "firefox"} <= required


def test_the_citation_names_this_software_and_the_study() -> None:
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert found["cff-version"] == "1.2.0"
    assert {"title", "message", "authors", "version", "license"} <= set(found)
    kinds = {"article", "dataset", "software", "generic"}
    assert all(
        entry["type"] in kinds and entry["title"] and entry["authors"] for entry in found["references"]
    )
    assert any("Overscripted" in entry["title"] and entry["year"] == 2018 for entry in found["references"])
