(name, mine, theirs) => new Promise((resolve) => {
  const script = `
    const say = (id, kind, data) => sendAsyncMessage(${JSON.stringify(name)}, { id, kind, data });
    if (Services.appinfo.remoteType.replace("&", "^").split("^").includes("userContextId=${mine}")) {
      const url = "https://evil.example/";
      const line = String.fromCharCode(10);
      const other = '"container_id":"firefox-container-${theirs}"';
      const whole = '{"type":"gap",' + other + ',"name":"forged","n":1}';
      say("forged", "document", { user: ${theirs}, window: 0, url });
      say("forged", "gap", '{"name":"forged","n":1}');
      say("own", "document", { user: ${mine}, window: 0, url });
      say("own", "gap", "{" + other + ',"name":"forged","n":1}');
      say("own", 'gap","name":"forged",' + other.slice(0, -1), '{"n":1}');
      say("own", "gap", [whole + line + '{"a":1', "x"]);
      say("own", "gap", whole + line + '{"a":1}');
      say("own", "gap", '{"name":"' + "x".repeat(2 ** 23) + '","n":1}');
      say("own", "body", '{"request_id":"1","file":"0","encoding":""}');
      const all = ["", "x", "{", '{"name":"', "[".repeat(1e5), null, 7, {}];
      for (const broken of all) say("own", "gap", broken);
      for (let process = 0; process < 40; process++) {
        for (let i = 0; i < 20; i++) {
          say(process + "." + i, "gap", '{"name":"forged","n":1}');
          say(process + "." + i, "document", { user: ${mine}, window: 0, url });
          say(process + "." + i, "gone");
        }
      }
      say("", "opening", { channel: 1, user: ${theirs}, stack: "forged@https://evil.example/:1:1" });
      for (let channel = 0; channel < 100; channel++) say("", "opening", { channel, stack: "forged" });
      say("", "instrument", whole);
      say("", "share", { key: "evil", data: "forged" });
      sendAsyncMessage("taken over");
    }`;
  Services.ppmm.addMessageListener("taken over", () => resolve(Services.ppmm.sharedData.has(`${name}.evil`)));
  Services.ppmm.loadProcessScript("data:," + encodeURIComponent(script), false);
})
