// What a page finds of the machine and the browser that show it, and what of it contradicts itself.
// World: a page.
const machine = (() => {
  const attempt = async (make) => {
    try {
      const late = new Promise((done) => setTimeout(done, 5000, "nothing in 5 s"));
      return await Promise.race([make(), late]);
    } catch (error) {
      return `throws ${error?.name}`;
    }
  };
  const simple = (value) => value === null || ["string", "number", "boolean", "undefined"].includes(typeof value);
  /** Every property of an object that is no object itself. */
  const properties = (object) => {
    const found = {};
    for (const name in object) {
      try {
        if (simple(object[name])) found[name] = object[name];
      } catch (error) {
        found[name] = `throws ${error.name}`;
      }
    }
    return found;
  };
  const each = (names, value) => Object.fromEntries(names.map((name) => [name, value(name)]));
  const words = (text) => text.split(/\s+/);
  const later = (ms) => new Promise((done) => setTimeout(done, ms));

  const FEATURES = words(`hover any-hover pointer any-pointer prefers-color-scheme prefers-reduced-motion
    prefers-contrast prefers-reduced-transparency forced-colors inverted-colors color-gamut dynamic-range
    video-dynamic-range scripting update overflow-block display-mode orientation scan grid`);
  const VALUES = words(`none hover fine coarse light dark reduce no-preference more less custom active inverted srgb p3
    rec2020 standard high enabled fast slow scroll browser fullscreen minimal-ui portrait landscape interlace
    progressive 0 1`);
  const FONTS = words(`Arial Verdana Tahoma Georgia Courier_New Times_New_Roman Calibri Cambria Consolas Segoe_UI
    Helvetica Helvetica_Neue Menlo Monaco Geneva Futura Liberation_Sans Liberation_Serif Liberation_Mono DejaVu_Sans
    DejaVu_Serif DejaVu_Sans_Mono Noto_Sans Noto_Serif Noto_Color_Emoji Noto_Sans_CJK_JP Ubuntu Cantarell FreeSans
    FreeSerif FreeMono Nimbus_Sans Roboto Droid_Sans Open_Sans Lato Carlito Caladea Bitstream_Vera_Sans Unifont`);
  const TYPES = [
    'video/mp4; codecs="avc1.42E01E"', 'video/mp4; codecs="hev1.1.6.L93.B0"', 'video/mp4; codecs="av01.0.04M.08"',
    'video/webm; codecs="vp8"', 'video/webm; codecs="vp9"', 'video/ogg; codecs="theora"', 'audio/mpeg',
    'audio/mp4; codecs="mp4a.40.2"', 'audio/ogg; codecs="vorbis"', 'audio/webm; codecs="opus"', "audio/flac",
    "audio/wav; codecs=1",
  ];
  const PERMISSIONS = words(`geolocation notifications camera microphone persistent-storage push midi
    screen-wake-lock storage-access clipboard-read clipboard-write accelerometer`);
  const COLOURS = words(`Canvas CanvasText ButtonFace ButtonText Field FieldText Highlight HighlightText GrayText
    LinkText VisitedText AccentColor SelectedItem Mark`);

  function webgl(kind) {
    const gl = document.createElement("canvas").getContext(kind);
    if (!gl) return "none";
    const found = { attributes: gl.getContextAttributes(), extensions: gl.getSupportedExtensions() };
    for (const name in gl) {
      if (!/^[A-Z0-9_]+$/.test(name)) continue;
      const value = gl.getParameter(gl[name]);
      if (gl.getError() === 0 && (simple(value) || ArrayBuffer.isView(value))) {
        found[name] = simple(value) ? value : [...value].join();
      }
    }
    const named = gl.getExtension("WEBGL_debug_renderer_info");
    found.unmasked = named && [named.UNMASKED_VENDOR_WEBGL, named.UNMASKED_RENDERER_WEBGL].map((n) => gl.getParameter(n));
    for (const shader of ["VERTEX_SHADER", "FRAGMENT_SHADER"]) {
      for (const number of ["LOW_FLOAT", "MEDIUM_FLOAT", "HIGH_FLOAT", "HIGH_INT"]) {
        const { rangeMin, rangeMax, precision } = gl.getShaderPrecisionFormat(gl[shader], gl[number]);
        found[`${shader} ${number}`] = [rangeMin, rangeMax, precision].join();
      }
    }
    return found;
  }

  function fonts() {
    const text = document.createElement("span");
    text.style.cssText = "position:absolute;font-size:72px;white-space:nowrap";
    text.textContent = "mmmmmmmmmmlli";
    document.body.append(text);
    const wide = (family) => ((text.style.fontFamily = family), text.offsetWidth);
    const generic = ["serif", "sans-serif", "monospace"];
    const own = each(generic, wide);
    const there = (name) => generic.some((family) => wide(`"${name.replaceAll("_", " ")}", ${family}`) !== own[family]);
    const found = { widths: own, ...each(FONTS, there) };
    text.textContent = "\u{1F600}\u{4E2D}\u{3042}\u{D55C}\u{0639}\u{0939}";
    found.others = each([...generic, "system-ui", "emoji", "cursive", "fantasy"], wide);
    text.remove();
    return found;
  }

  function drawn() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 200, height: 60 });
    const pen = canvas.getContext("2d");
    pen.font = "18px serif";
    pen.fillStyle = "#069";
    pen.fillText("Cwm fjord \u{1F603} glyphs", 4, 30);
    pen.arc(100, 30, 25, 0, 5);
    pen.stroke();
    return canvas.toDataURL();
  }

  function css() {
    const box = document.createElement("div");
    document.body.append(box);
    const computed = (property, value) => ((box.style[property] = value), getComputedStyle(box)[property]);
    const found = { colours: each(COLOURS, (name) => computed("color", name)) };
    for (const name of words("caption icon menu message-box small-caption status-bar")) {
      box.style.font = name;
      const { fontFamily, fontSize, fontWeight } = getComputedStyle(box);
      found[name] = `${fontFamily} ${fontSize} ${fontWeight}`;
    }
    box.style.cssText = "overflow:scroll;width:100px;height:100px";
    found.scrollbar = box.offsetWidth - box.clientWidth;
    box.remove();
    return found;
  }

  async function sound() {
    const heard = new AudioContext();
    const found = { ...properties(heard), ...properties(heard.destination), state: heard.state };
    delete found.currentTime;
    await heard.close();
    return found;
  }

  const decoding = async (contentType) => {
    const video = { contentType, width: 1280, height: 720, bitrate: 2e6, framerate: 30 };
    const { supported, smooth, powerEfficient } = await navigator.mediaCapabilities.decodingInfo({ type: "file", video });
    return [supported, smooth, powerEfficient].join();
  };

  async function frames() {
    let n = 0;
    const began = performance.now();
    await new Promise((done) => {
      (function next() {
        n++;
        if (performance.now() - began > 1000) done();
        else requestAnimationFrame(next);
      })();
    });
    return n > 45 ? "as on a screen of 60 Hz" : n > 15 ? "fewer than on a screen" : "hardly any";
  }

  const all = async (names, ask) => {
    const found = {};
    for (const name of names) found[name] = await attempt(() => ask(name));
    return found;
  };

  /** All that a page finds, as nested objects of simple values. */
  async function survey() {
    const capabilities = ["audio", "video"].map((kind) => RTCRtpSender.getCapabilities(kind)?.codecs.map((it) => it.mimeType));
    return {
      navigator: properties(navigator),
      languages: [...navigator.languages],
      plugins: [...navigator.plugins].map((it) => it.name),
      screen: properties(screen),
      orientation: properties(screen.orientation),
      window: properties(window),
      names: each(Object.getOwnPropertyNames(window).sort(), (name) => name in window),
      viewport: properties(visualViewport),
      media: each(FEATURES, (name) => VALUES.filter((value) => matchMedia(`(${name}: ${value})`).matches).join()),
      webgl: webgl("webgl"),
      webgl2: webgl("webgl2"),
      gpu: await attempt(async () => String(await navigator.gpu?.requestAdapter())),
      fonts: fonts(),
      drawn: drawn(),
      css: css(),
      sound: await attempt(sound),
      voices: await attempt(async () => (speechSynthesis.getVoices(), await later(1000), speechSynthesis.getVoices().map((it) => it.name))),
      plays: each(TYPES, (type) => document.createElement("video").canPlayType(type)),
      streams: each(TYPES, (type) => MediaSource.isTypeSupported(type)),
      decodes: await all(TYPES.filter((type) => type.startsWith("video")), decoding),
      calls: capabilities,
      permissions: await all(PERMISSIONS, async (name) => (await navigator.permissions.query({ name })).state),
      devices: await attempt(async () => (await navigator.mediaDevices.enumerateDevices()).map((it) => it.kind)),
      notification: Notification.permission,
      intl: { ...Intl.DateTimeFormat().resolvedOptions(), offset: new Date().getTimezoneOffset() },
      quota: await attempt(async () => (await navigator.storage.estimate()).quota > 1e9),
      frames: await attempt(frames),
      document: [document.hasFocus(), document.visibilityState, document.hidden],
    };
  }

  // What a document and its frames have of one browser. The text is run in each of them.
  const OWN = `({
    agent: navigator.userAgent, platform: navigator.platform, version: navigator.appVersion,
    languages: navigator.languages.join(), language: navigator.language, cores: navigator.hardwareConcurrency,
    locale: Intl.NumberFormat().resolvedOptions().locale, zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    offset: new Date(2026, 6, 1).getTimezoneOffset(), renderer: (() => {
      const gl = new OffscreenCanvas(1, 1).getContext("webgl");
      return gl ? gl.getParameter(gl.RENDERER) : "";
    })(),
  })`;
  const run = (text, where) => where.eval(text);
  const framed = () => {
    const frame = document.createElement("iframe");
    document.documentElement.append(frame);
    const found = { ...run(OWN, frame.contentWindow), webdriver: frame.contentWindow.navigator.webdriver };
    frame.remove();
    return found;
  };
  const differ = (one, other) => Object.keys(one).filter((name) => one[name] !== other[name]);
  /** Minutes by which a time zone is behind UTC at a time. */
  const behind = (zone, at) => {
    const parts = new Intl.DateTimeFormat("en", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric",
      minute: "numeric",
    }).formatToParts(at);
    const { year, month, day, hour, minute } = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
    return (at - Date.UTC(year, month - 1, day, hour, minute)) / 60000;
  };

  /** The names of what contradicts itself, of the rules that a page can check. */
  function contradictions() {
    const own = run(OWN, window);
    const frame = framed();
    const { webdriver } = frame;
    delete frame.webdriver;
    const is = (query) => matchMedia(query).matches;
    const { width, height, availWidth, availHeight, colorDepth, orientation } = screen;
    const system = own.agent.match(/\(([^)]*?)(?:; rv:[\d.]+)?\)/)?.[1] ?? "";
    const [, rv] = own.agent.match(/rv:([\d.]+)/) ?? [];
    const touches = [navigator.maxTouchPoints > 0, "ontouchstart" in window, is("(any-pointer: coarse)")];
    const date = new Date(2026, 6, 1);
    const h264 = TYPES[0];
    const rules = {
      "platform and user agent": system.includes("Android")
        ? navigator.platform === "Linux armv81" && navigator.oscpu === navigator.platform
        : system.includes(navigator.platform) && system.includes(navigator.oscpu),
      "versions of the user agent": own.agent.endsWith(`Gecko/${system.includes("Android") ? rv : 20100101} Firefox/${rv}`),
      "version and user agent": `Mozilla/${own.version.slice(0, -1)}` === own.agent.slice(0, 7 + own.version.length),
      "screen and its free part": availWidth <= width && availHeight <= height,
      "screen and media queries": is(`(device-width: ${width}px) and (device-height: ${height}px)`),
      "screen and orientation": orientation.type.startsWith(width < height ? "portrait" : "landscape"),
      "colours and media queries": is(`(color: ${colorDepth / 3})`),
      "window and screen": outerWidth <= width && outerHeight <= height && screenX >= 0 && screenY >= 0 &&
        screenX + outerWidth <= width && screenY + outerHeight <= height,
      "page and window": innerWidth <= outerWidth && innerHeight < outerHeight,
      "page and media queries": is(`(width: ${innerWidth}px) and (height: ${innerHeight}px)`),
      "pixel ratio and media queries": is(`(resolution: ${devicePixelRatio}dppx)`),
      "touch": new Set(touches).size === 1,
      "mouse": touches[0] || is("(hover: hover) and (pointer: fine) and (any-hover: hover) and (any-pointer: fine)"),
      "languages": own.language === own.languages.split(",")[0],
      "language and Intl": own.locale === own.language,
      "time zone and Date": behind(own.zone, date) === date.getTimezoneOffset(),
      "renderers of WebGL": own.renderer === (document.createElement("canvas").getContext("webgl")?.getParameter(7937) ?? ""),
      "video and streams": (document.createElement("video").canPlayType(h264) !== "") === MediaSource.isTypeSupported(h264),
      "driven": navigator.webdriver === false && webdriver === false,
    };
    const wrong = Object.keys(rules).filter((name) => !rules[name]);
    for (const name of differ(own, frame)) wrong.push(`frame: ${name}`);
    return wrong;
  }

  return { survey, contradictions };
})();
