// Records the TLS connections of each visit and the certificates of their servers: each distinct one once.
// World: Firefox's parent process, privileged. A certificate is bytes of a server, which Firefox has checked or refused.
// Its names are text of that server.
"use strict";

{
  const MOST = 5000; // distinct connections of a visit
  const MOST_CERTIFICATES = 1000; // of a visit; they may have 100 KB each
  const TEXT = 2000; // characters of a name in a certificate
  const VERSIONS = ["SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]; // by Firefox's numbers
  const { nsITransportSecurityInfo: Info } = Ci;
  const TRANSPARENCY = {
    [Info.CERTIFICATE_TRANSPARENCY_POLICY_COMPLIANT]: "compliant",
    [Info.CERTIFICATE_TRANSPARENCY_POLICY_NOT_ENOUGH_SCTS]: "not enough timestamps",
    [Info.CERTIFICATE_TRANSPARENCY_POLICY_NOT_DIVERSE_SCTS]: "timestamps not diverse",
  };

  /** What a function returns; null if it throws, as Firefox does for what it cannot read or know. */
  function attempt(get) {
    try {
      return get();
    } catch {
      return null;
    }
  }

  /** Bytes as Firefox writes them, without its colons. */
  const hexadecimal = (text) => text.replaceAll(":", "").toLowerCase();

  /** The columns of a connection. */
  function columns(channel, info, certificate) {
    const { port, asciiHost } = channel.URI;
    return {
      host: asciiHost,
      port: port < 0 ? 443 : port,
      address: addressOf(channel),
      tls_version: attempt(() => VERSIONS[info.protocolVersion]) ?? null,
      cipher_suite: attempt(() => info.cipherName),
      key_exchange: attempt(() => info.keaGroupName),
      signature_scheme: attempt(() => info.signatureSchemeName),
      alpn: attempt(() => info.negotiatedNPN),
      has_ech: attempt(() => info.isAcceptedEch),
      certificate_sha256: certificate && hexadecimal(certificate.sha256Fingerprint),
      is_built_in_root: info.succeededCertChain.length > 0 ? info.isBuiltCertChainRootBuiltInRoot : null,
      is_ev: info.succeededCertChain.length > 0 ? info.isExtendedValidation : null,
      certificate_transparency: TRANSPARENCY[info.certificateTransparencyStatus] ?? null,
      error: info.errorCodeString,
    };
  }

  ParentRecords.add("tls_connections", ({ emit, gap, files }) => {
    const visits = new Map(); // user -> {hosts: with ports, connections: as JSON texts, certificates: their SHA-256}

    function visitOf(user) {
      if (!visits.has(user)) visits.set(user, { hosts: new Set(), connections: new Set(), certificates: new Set() });
      return visits.get(user);
    }

    /**
     * Whether a response came by a connection that may be new: the first of a host, or one that was made for it. To read
     * what Firefox knows of a connection takes a tenth of a millisecond, which most responses save.
     */
    function mayBeNew(channel, user) {
      const { hosts } = visitOf(user);
      const known = hosts.size === hosts.add(channel.URI.hostPort).size;
      return !known || channel.QueryInterface(Ci.nsITimedChannel).secureConnectionStartTime > 0;
    }

    async function keep(user, certificate) {
      const file = await files.keep(user, Uint8Array.from(certificate.getRawDER()));
      /** @type {Protocol.Certificates} */
      const message = {
        type: PROTOCOL.message.CERTIFICATES,
        container_id: cookieStoreIdOf(user),
        file,
        subject: attempt(() => certificate.subjectName.slice(0, TEXT)),
        issuer: attempt(() => certificate.issuerName.slice(0, TEXT)),
        serial_number: attempt(() => hexadecimal(certificate.serialNumber).slice(0, TEXT)),
        not_before: attempt(() => certificate.validity.notBefore / 1000), // Firefox counts in microseconds
        not_after: attempt(() => certificate.validity.notAfter / 1000),
      };
      emit(message);
    }

    /** Note the connection of a channel. Those of a visit that are alike become one row. */
    function note(channel, user) {
      const info = channel.securityInfo;
      if (!info) return;
      const certificate = info.serverCert;
      const row = columns(channel, info, certificate);
      const { connections, certificates } = visitOf(user);
      const key = JSON.stringify(row);
      if (connections.has(key)) return;
      if (connections.size === MOST) return gap(user, "tls_connections over the limit");
      connections.add(key);
      /** @type {Protocol.TlsConnections} */
      const message = {
        type: PROTOCOL.message.TLS_CONNECTIONS,
        container_id: cookieStoreIdOf(user),
        ...row,
        time_stamp: Date.now(),
      };
      emit(message);
      if (!certificate || certificates.has(row.certificate_sha256)) return;
      if (certificates.size === MOST_CERTIFICATES) return gap(user, "certificates over the limit");
      certificates.add(row.certificate_sha256);
      files.track(user, keep(user, certificate));
    }

    onResponses((channel, user, type, cached) => {
      if (cached || !channel.URI.schemeIs("https") || byWorker(channel)) return;
      if (mayBeNew(channel, user)) note(channel, user);
    });
    onEnds((channel, user) => {
      if (channel.URI.schemeIs("https") && !Components.isSuccessCode(channel.status)) failed(channel, user);
    });

    /** A request failed. Where TLS is the reason, no response came by that connection. */
    function failed(channel, user) {
      if (channel.securityInfo?.errorCodeString) note(channel, user);
    }

    return { forget: (user) => visits.delete(user) };
  });
}
