const p = new RTCPeerConnection({ iceServers: [] });
p.onicecandidate = () => 1;
p.createDataChannel("x");
p.signalingState;
p.localDescription;
p.createOffer().then((d) => 1);
p.addEventListener("icecandidate", () => 1);
p.close();
