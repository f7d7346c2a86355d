// Saves every document of a visit at its end as markup.
// World: Firefox's parent process, privileged.
"use strict";

{
  const TABLE = "saved_documents";

  ParentRecords.add(TABLE, (tools) => {
    if (!SAVED.html) return null;

    function emit({ encoding, shadow_roots: n_shadow_roots }, members) {
      /** @type {Protocol.SavedDocuments} */
      const message = { type: PROTOCOL.message.SAVED_DOCUMENTS, ...members, encoding, n_shadow_roots };
      tools.emit(message);
    }
    return { ended: (user) => PageContents.ask(user, TABLE, "html", tools, emit) };
  });
}
