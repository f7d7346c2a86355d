// Saves the visible text of every document of a visit at its end, with its language.
// World: Firefox's parent process, privileged. Firefox's own detector reads the text in a worker of its own.
"use strict";

{
  const TABLE = "page_texts";
  const SAMPLE = 2 ** 15; // bytes of the beginning of a text that show its language
  const DETECTORS = ["translations", "translation"]; // folders of Firefox's detector: 140 and later, before

  /** Firefox's own detector of languages; null where this Firefox has none. */
  function detector() {
    for (const folder of DETECTORS) {
      try {
        return ChromeUtils.importESModule(`resource://gre/modules/${folder}/LanguageDetector.sys.mjs`).LanguageDetector;
      } catch {
        // This Firefox has it elsewhere, or has none.
      }
    }
    return null;
  }

  ParentRecords.add(TABLE, (tools) => {
    if (!SAVED.text) return null;
    const detecting = detector();

    /** The language of a text: as Firefox detects it if it is sure, otherwise as the document declares it. */
    async function languageOf(content, declared) {
      const text = new TextDecoder().decode(content.subarray(0, SAMPLE));
      const { language, confident } = (text && (await detecting?.detectLanguage(text))) || {};
      if (confident) return { language, language_source: "detected" };
      if (declared) return { language: declared, language_source: "declared" };
      return { language: null, language_source: null };
    }

    async function emit({ content, characters, declared }, members) {
      const found = await languageOf(content, declared);
      /** @type {Protocol.PageTexts} */
      const message = {
        type: PROTOCOL.message.PAGE_TEXTS,
        ...members,
        ...found,
        declared_language: declared || null,
        n_characters: characters,
      };
      tools.emit(message);
    }
    return { ended: (user) => PageContents.ask(user, TABLE, "text", tools, emit) };
  });
}
