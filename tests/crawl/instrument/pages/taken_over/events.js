(name, mine, theirs, channels) => new Promise((resolve) => {
  const script = `
    const say = (user, connection, text) =>
      sendAsyncMessage(${JSON.stringify(name)}, {
        kind: "record",
        data: { table: "server_sent_events", user, connection, window: 0, text },
      });
    if (Services.appinfo.remoteType.replace("&", "^").split("^").includes("userContextId=${mine}")) {
      const forged = '{"events":[{"data":"forged"}],"cut":0,"container_id":"firefox-container-${theirs}"}';
      for (const user of [${mine}, ${theirs}]) for (const channel of ${channels}) say(user, channel, forged);
      for (const broken of [null, 7, {}, "x", forged + String.fromCharCode(10) + forged]) {
        for (const channel of [...${channels}, null, {}]) say(${mine}, channel, broken);
      }
      sendAsyncMessage("taken over");
    }`;
  Services.ppmm.addMessageListener("taken over", () => resolve(true));
  Services.ppmm.loadProcessScript("data:," + encodeURIComponent(script), false);
})
