"""What the specifications of the formats require, as JSON Schemas, for documents that are exported.

Written from the specifications. The tools that their makers publish (frictionless, mlcroissant, har-schema)
were run on exports of the demo by hand: docs/guide/export.md says with which versions.
"""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": -1}
MOMENT: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
}


def _object(required: dict[str, Schema], **others: Schema) -> Schema:
    return {"type": "object", "required": [*required], "properties": {**required, **others}}


def _list(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


# HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/
_PAIR = _object({"name": TEXT, "value": TEXT})
_COOKIE = _object({"name": TEXT, "value": TEXT})
_POSTED = _object({"mimeType": TEXT, "params": _list(_object({"name": TEXT})), "text": TEXT})
_SIZES = {"headersSize": COUNT, "bodySize": COUNT}
_MESSAGE = {"httpVersion": TEXT, "cookies": _list(_COOKIE), "headers": _list(_PAIR)}
_REQUEST = _object(
    {"method": TEXT, "url": TEXT, **_MESSAGE, "queryString": _list(_PAIR), **_SIZES}, postData=_POSTED
)
_CONTENT = _object({"size": COUNT, "mimeType": TEXT}, text=TEXT, encoding=TEXT)
_RESPONSE = _object(
    {
        "status": {"type": "integer"},
        "statusText": TEXT,
        **_MESSAGE,
        "content": _CONTENT,
        "redirectURL": TEXT,
        **_SIZES,
    }
)
_ENTRY = _object(
    {
        "startedDateTime": MOMENT,
        "time": {"type": "number", "minimum": 0},
        "request": _REQUEST,
        "response": _RESPONSE,
        "cache": {"type": "object"},
        "timings": _object({"send": NUMBER, "wait": NUMBER, "receive": NUMBER}),
    },
    pageref=TEXT,
    serverIPAddress=TEXT,
)
_PAGE = _object(
    {
        "startedDateTime": MOMENT,
        "id": TEXT,
        "title": TEXT,
        "pageTimings": _object({}, onContentLoad=NUMBER, onLoad=NUMBER),
    }
)
_TOOL = _object({"name": TEXT, "version": TEXT}, comment=TEXT)
HAR = _object(
    {
        "log": _object(
            {"version": {"const": "1.2"}, "creator": _TOOL, "entries": _list(_ENTRY)},
            browser=_TOOL,
            pages=_list(_PAGE),
        )
    }
)

# Data Package 1, Data Resource 1 and Table Schema 1, https://specs.frictionlessdata.io
_NAME: Schema = {"type": "string", "pattern": "^[-a-z0-9._]+$"}
# Below the package's folder: not absolute, and nowhere upwards.
_PATH: Schema = {"type": "string", "pattern": r"^(?!/)(?!.*(^|/)\.\.?(/|$))(?!.*\\).+$"}
_TYPES = "string number integer boolean object array date time datetime year yearmonth duration any"
_FIELD = _object({"name": TEXT}, type={"enum": _TYPES.split()}, format=TEXT, description=TEXT)
_KEY = {"anyOf": [TEXT, _list(TEXT, 1)]}
_RESOURCE = _object(
    {
        "name": _NAME,
        "path": {"anyOf": [_PATH, _list(_PATH, 1)]},
        "schema": _object({"fields": _list(_FIELD, 1)}, primaryKey=_KEY),
    },
    hash={"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
    profile={"enum": ["data-resource", "tabular-data-resource"]},
)
_LICENCE = {
    "anyOf": [_object({"name": {"type": "string", "pattern": "^[-a-zA-Z0-9._]+$"}}), _object({"path": TEXT})]
}
DATA_PACKAGE = _object(
    {"resources": _list(_RESOURCE, 1)},
    name=_NAME,
    profile={"enum": ["data-package", "tabular-data-package"]},
    created=MOMENT,
    licenses=_list(_LICENCE, 1),
)

# Croissant 1.0, https://docs.mlcommons.org/croissant/docs/croissant-spec.html
_ID = _object({"@id": TEXT})
_DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_FILE_OBJECT = _object(
    {
        "@type": {"const": "cr:FileObject"},
        "@id": TEXT,
        "name": TEXT,
        "contentUrl": _PATH,
        "encodingFormat": TEXT,
        "sha256": _DIGEST,
    }
)
_FILE_SET = _object(
    {"@type": {"const": "cr:FileSet"}, "@id": TEXT, "name": TEXT, "includes": TEXT, "encodingFormat": TEXT}
)
_SOURCE = {
    "oneOf": [
        _object({"fileObject": _ID, "extract": _object({"column": TEXT})}),
        _object({"fileSet": _ID, "extract": _object({"column": TEXT})}),
    ]
}
_CROISSANT_FIELD = _object(
    {
        "@type": {"const": "cr:Field"},
        "@id": TEXT,
        "name": TEXT,
        "dataType": {"enum": ["sc:Integer", "sc:Float", "sc:Boolean", "sc:DateTime", "sc:Text"]},
        "source": _SOURCE,
    }
)
_RECORDS = _object(
    {
        "@type": {"const": "cr:RecordSet"},
        "@id": TEXT,
        "name": TEXT,
        "field": _list(_CROISSANT_FIELD, 1),
    },
    key=_list(_ID, 1),
)
CROISSANT = _object(
    {
        "@context": {"type": "object"},
        "@type": {"const": "sc:Dataset"},
        "name": TEXT,
        "description": TEXT,
        "conformsTo": {"const": "http://mlcommons.org/croissant/1.0"},
        "datePublished": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
        "distribution": _list({"oneOf": [_FILE_OBJECT, _FILE_SET]}, 1),
        "recordSet": _list(_RECORDS, 1),
    },
    license=TEXT,
    citeAs=TEXT,
)
