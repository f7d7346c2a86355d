-- The rows of bench/generate_crawl.py: a view for each raw table, of the visits whose numbers are in the table v.
-- Columns that a view does not have are NULL. `typed` has the e-mail address that each visit types into forms,
-- `drawn` a thousand symbols with their operations.

-- Numbers from 0 to 1, texts, and moments that belong to a visit and a second number.
CREATE MACRO part(a, b, salt) AS (hash(a, b, salt) % 1000003) / 1000003.0;
CREATE MACRO hexed(a, b, salt) AS md5(concat_ws(' ', a, b, salt));
CREATE MACRO moment(v, seconds) AS
    make_timestamptz(1764316800000000 + v * 3000000 + CAST(seconds * 1e6 AS BIGINT));

-- The site and page of a visit; a third party's domain, and its number: the lower, the more popular.
CREATE MACRO site(v) AS
    concat('site', v % 400000, CASE v % 3 WHEN 0 THEN '.com' WHEN 1 THEN '.org' ELSE '.co.uk' END);
CREATE MACRO page(v) AS concat('https://www.', site(v), '/articles/', v);
CREATE MACRO tracker(d) AS
    concat('tracker', d, CASE d % 4 WHEN 0 THEN '.net' WHEN 1 THEN '.io' ELSE '.com' END);
CREATE MACRO popular(x) AS CAST(floor(6000 * x * x * x) AS BIGINT);

-- What a third party calls the visitor; a third party whose cookie a visit has; a script of a page.
CREATE MACRO identifier(v, d) AS substr(hexed(v, d, 'id'), 1, 20);
CREATE MACRO held(v, n) AS popular(part(v, 9 + 3 * (n % 6), 'cookie'));
CREATE MACRO script(v, k) AS CASE
    WHEN k % 4 = 0 THEN concat('https://www.', site(v), '/js/app', k, '.js')
    ELSE concat('https://cdn.', tracker(popular(part(v, k, 's'))), '/lib/', k % 7, '/main.min.js?v=', k % 3)
END;

CREATE VIEW cookie_rows AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    CASE WHEN k < 8 THEN CONCAT('.', site(v)) ELSE CONCAT('.', tracker(d)) END AS host,
    CONCAT('c', k % 6) AS name,
    CASE
        WHEN k % 3 = 0
        THEN identifier(v, d)
        WHEN k % 3 = 1
        THEN CONCAT('GA1.2.', HASH(v, k) % 1000000000, '.1764316800')
        ELSE CONCAT('opt-', d % 9)
    END AS value,
    '/' AS path,
    moment(v, 86400.0 * 400) AS expiry,
    k % 2 = 0 AS is_secure,
    k % 4 = 0 AS is_http_only,
    CASE WHEN k % 3 = 0 THEN 'no_restriction' ELSE 'lax' END AS same_site,
    '' AS first_party_domain
FROM (
    SELECT
        v,
        k,
        popular(part(v, k, 'cookie')) AS d
    FROM v, RANGE(0, 25) AS cookies(k)
);

CREATE VIEW body_rows AS
SELECT
    v,
    k,
    CONCAT(
        '{"event":"',
        k,
        '","t":',
        HASH(v, k) % 1000000007,
        ',"page":"',
        page(v),
        '","uid":"',
        identifier(v, held(v, k)),
        '","em":"',
        CASE WHEN v % 50 = 5 AND k = 2 THEN SHA256(email) ELSE '' END,
        '","data":"',
        REPEAT(hexed(v, k, 'body'), 1 + k * 12),
        '"}'
    ) AS body
FROM v
JOIN typed
    USING (v), RANGE(0, 4) AS bodies(k);

CREATE VIEW asked AS
SELECT
    v,
    i,
    popular(part(v, i, 'd')) AS d,
    i > 0 AND part(v, i, 'third') < 0.65 AS third,
    part(v, i, 'redirected') < 0.03 AND i > 0 AS redirected
FROM v, RANGE(0, 80) AS requests(i);

CREATE VIEW visits AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    page(v) AS site_url,
    '' AS variant,
    1 AS wave,
    '' AS behaviours,
    'bench' AS worker_id,
    CASE WHEN v % 20 = 0 THEN 'timeout' ELSE 'complete' END AS outcome,
    '' AS error,
    page(v) AS final_url,
    200 AS http_status,
    'A title' AS title,
    moment(v, 0) AS started,
    moment(v, 5) AS loaded,
    moment(v, 20) AS ended,
    10.0 AS dwell_s,
    0.1 AS starved,
    2.0 AS cpu_s,
    0.0 AS worker_cpu_s,
    200000000 AS peak_memory,
    0 AS n_dropped,
    '{}' AS known_gaps,
    '{}' AS saved
FROM v;

CREATE VIEW frames AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    i AS frame_id,
    CASE WHEN i = 0 THEN -1 ELSE 0 END AS parent_frame_id,
    page(v) AS top_level_url,
    CASE
        WHEN i = 0
        THEN page(v)
        ELSE CONCAT('https://frame.', tracker(popular(part(v, i, 'frame'))), '/f/', i)
    END AS url,
    CASE WHEN i = 0 THEN 'top' ELSE 'iframe' END AS kind,
    moment(v, 0.2 * i) AS time_stamp
FROM v, RANGE(0, 6) AS frames(i);

CREATE VIEW requests AS
WITH at_hop AS (
    SELECT
        *,
        UNNEST(CASE WHEN redirected THEN [0, 1] ELSE [0] END) AS hop
    FROM asked
    JOIN typed
        USING (v)
), written AS (
    SELECT
        *,
        CASE
            WHEN i = 0
            THEN page(v)
            WHEN NOT third
            THEN CONCAT('https://www.', site(v), '/static/', i, '/', SUBSTRING(hexed(v, i, 'f'), 1, 10), '.png')
            ELSE CONCAT(
                'https://px.',
                tracker(d),
                '/collect/',
                i % 9,
                '?cid=',
                CASE
                    WHEN part(v, i, 'sync') < 0.03
                    THEN identifier(v, held(v, i))
                    ELSE SUBSTRING(hexed(v, i, 'q'), 1, 16)
                END,
                '&dl=https%3A%2F%2Fwww.',
                site(v),
                '%2F&sr=1920x1080&r=',
                HASH(v, i) % 1000000007,
                CASE WHEN v % 50 = 0 AND i = 7 THEN CONCAT('&em=', email) ELSE '' END
            )
        END AS first_url
    FROM at_hop
)
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    0 AS frame_id,
    -1 AS parent_frame_id,
    page(v) AS top_level_url,
    CAST(i AS TEXT) AS request_id,
    hop,
    CASE
        WHEN hop = 1
        THEN CONCAT('https://sync.', tracker((
            d + 1
        ) % 6000), '/match?p=', identifier(v, d))
        ELSE first_url
    END AS url,
    'GET' AS method,
    CASE
        WHEN i = 0
        THEN 'main_frame'
        WHEN i % 3 = 0
        THEN 'script'
        WHEN i % 7 = 0
        THEN 'xmlhttprequest'
        ELSE 'image'
    END AS resource_type,
    page(v) AS document_url,
    CASE WHEN redirected AND hop = 0 THEN 302 WHEN part(v, i, 'failed') < 0.02 THEN NULL ELSE 200 END AS status,
    '' AS error,
    '192.0.2.1' AS ip,
    CASE i % 5 WHEN 0 THEN 'http/1.1' WHEN 1 THEN 'h3' ELSE 'h2' END AS http_version,
    FALSE AS from_cache,
    CONCAT(
        CONCAT(
            '[["Host","x"],["User-Agent","Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 ',
            'Firefox/145.0"],["Accept","*/*"],["Accept-Language","en-US,en;q=0.5"],["Accept-Encoding",',
            '"gzip, deflate, br, zstd"],["Referer","'
        ),
        CASE WHEN part(v, i, 'ref') < 0.12 THEN page(v) ELSE CONCAT('https://www.', site(v), '/') END,
        '"],["Cookie","uid=',
        identifier(v, d),
        '; s=',
        SUBSTRING(hexed(v, d, 'session'), 1, 12),
        '"],["Sec-Fetch-Mode","no-cors"],["Priority","u=3"]]'
    ) AS request_headers,
    CONCAT(
        '[["Date","Sat, 29 Nov 2025 08:',
        LPAD(CAST(i % 60 AS TEXT), 2, '0'),
        CONCAT(':00 GMT"],', '["Content-Type","text/javascript; charset=utf-8"],["Server","nginx"],["ETag","\"'),
        SUBSTRING(hexed(v, i, 'etag'), 1, 16),
        CONCAT('\""],["Cache-Control","public, max-age=3600"],["Vary",', '"Accept-Encoding"],["X-Request-Id","'),
        hexed(v, i, 'answer'),
        '"],["Content-Encoding","br"]',
        CASE
            WHEN i = 0 AND v % 4 = 0
            THEN CONCAT(
                CONCAT(
                    ',["Content-Security-Policy","default-src ''self''; ',
                    'script-src ''self'' ''unsafe-inline'' https://cdn.'
                ),
                tracker(v % 50),
                '"]'
            )
            ELSE ''
        END,
        CASE WHEN part(v, i, 'hsts') < 0.3 THEN ',["Strict-Transport-Security","max-age=31536000"]' ELSE '' END,
        CASE WHEN part(v, i, 'nosniff') < 0.5 THEN ',["X-Content-Type-Options","nosniff"]' ELSE '' END,
        ']'
    ) AS response_headers,
    5000 AS size,
    CASE
        WHEN redirected AND hop = 0
        THEN CONCAT('https://sync.', tracker((
            d + 1
        ) % 6000), '/match?p=', identifier(v, d))
    END AS redirect_url,
    moment(v, 0.1 * i) AS time_stamp,
    moment(v, 0.1 * i + 0.2) AS ended
FROM written;

CREATE VIEW callstacks AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    CAST(i AS TEXT) AS request_id,
    CONCAT('send@', script(v, i % 45), ':1:', i * 31, CHR(10), 'init@', script(v, i % 45), ':1:20') AS call_stack,
    script(v, i % 45) AS script_url
FROM v, RANGE(1, 80, 2) AS requests(i);

CREATE VIEW cookies AS
SELECT
    *,
    'added-or-changed' AS record_type,
    'explicit' AS change_cause,
    'http' AS via,
    moment(visit_id, 1) AS time_stamp
FROM cookie_rows;

CREATE VIEW stored_cookies AS
SELECT
    *,
    moment(visit_id, 1) AS created,
    'end' AS moment
FROM cookie_rows;

CREATE VIEW stored_items AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    CONCAT('https://frame.', tracker(held(v, k))) AS origin,
    '' AS partition,
    'local_storage' AS kind,
    '' AS container,
    CONCAT('k', k % 5) AS key,
    CASE WHEN k % 2 = 0 THEN identifier(v, held(v, k)) ELSE CONCAT('{"state":', k, '}') END AS value,
    'end' AS moment
FROM v, RANGE(0, 10) AS items(k);

CREATE VIEW request_bodies AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    CAST(1 + 6 * k AS TEXT) AS request_id,
    0 AS hop,
    'application/json' AS content_type,
    LENGTH(body) AS size,
    LENGTH(body) AS n_kept,
    SHA256(body) AS sha256,
    moment(v, 3) AS time_stamp
FROM body_rows;

CREATE VIEW contents AS
SELECT
    SHA256(body) AS sha256,
    LENGTH(body) AS size,
    ENCODE(body) AS content
FROM body_rows;

CREATE VIEW messages AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    0 AS frame_id,
    -1 AS parent_frame_id,
    page(v) AS top_level_url,
    page(v) AS location,
    CONCAT('https://frame.', tracker(popular(part(v, k, 'm')))) AS origin,
    CONCAT('{"type":"m', k, '","id":"', hexed(v, k, 'message'), '"}') AS data,
    moment(v, 3) AS time_stamp
FROM v, RANGE(0, 5) AS messages(k);

CREATE VIEW websocket_messages AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    0 AS frame_id,
    -1 AS parent_frame_id,
    page(v) AS top_level_url,
    'ws' AS request_id,
    CONCAT('wss://live.', tracker(v % 90), '/') AS url,
    k AS ordinal,
    CASE WHEN k % 2 = 0 THEN 'sent' ELSE 'received' END AS direction,
    'text' AS opcode,
    60 AS size,
    CONCAT('{"id":"', hexed(v, k, 'socket'), '"}') AS data,
    moment(v, 4 + k) AS time_stamp
FROM v, RANGE(0, 6) AS messages(k)
WHERE
    v % 12 = 0;

CREATE VIEW navigations AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    0 AS frame_id,
    -1 AS parent_frame_id,
    page(v) AS top_level_url,
    k AS ordinal,
    CASE WHEN k > 0 THEN page(v) END AS from_url,
    CASE WHEN k = 0 THEN page(v) ELSE CONCAT(page(v), '#x') END AS url,
    page(v) AS committed_url,
    CASE WHEN k = 0 THEN 'initial' ELSE 'fragment' END AS cause,
    k > 0 AS same_document,
    'committed' AS outcome,
    '' AS error,
    200 AS status,
    0 AS server_redirects,
    '0' AS request_id,
    moment(v, k) AS time_stamp,
    moment(v, k) AS committed
FROM v, RANGE(0, 2) AS navigations(k);

CREATE VIEW script_insertions AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    0 AS frame_id,
    -1 AS parent_frame_id,
    page(v) AS top_level_url,
    page(v) AS location,
    'inserted' AS how,
    script(v, k) AS script_url,
    FALSE AS is_inline,
    CONCAT('init@', script(v, k // 2), ':1:', k) AS caller,
    moment(v, 1) AS time_stamp
FROM v, RANGE(1, 25) AS insertions(k);

CREATE VIEW script_loads AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    CAST(i AS TEXT) AS request_id,
    'script' AS loaded_as,
    i % 2 = 0 AS by_parser,
    page(v) AS referrer,
    moment(v, 1) AS time_stamp
FROM v, RANGE(0, 80, 3) AS requests(i);

CREATE VIEW actions AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    k AS ordinal,
    'forms' AS step,
    'fill' AS action,
    '#field' AS target,
    page(v) AS frame_url,
    moment(v, 0.5 + k) AS started,
    0.5 AS duration_s,
    'done' AS outcome,
    CONCAT('{"kind":"', ['email', 'password', 'name'][k + 1], '","value":"x","submits":0}') AS detail
FROM v, RANGE(0, 3) AS fields(k)
WHERE
    v % 5 = 0;

CREATE VIEW tls_connections AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    CONCAT('px.', tracker(popular(part(v, k, 'd')))) AS host,
    443 AS port,
    '192.0.2.1' AS address,
    CASE WHEN k % 9 = 0 THEN 'TLS 1.2' ELSE 'TLS 1.3' END AS tls_version,
    'x25519' AS key_exchange,
    'RSA-PSS-SHA256' AS signature_scheme,
    'h2' AS alpn,
    SHA256(CONCAT('certificate', popular(part(v, k, 'd')))) AS certificate_sha256,
    '' AS error,
    moment(v, 1) AS time_stamp
FROM v, RANGE(0, 20) AS connections(k);

CREATE VIEW certificates AS
SELECT DISTINCT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    SHA256(CONCAT('certificate', popular(part(v, k, 'd')))) AS sha256,
    900 AS size,
    CONCAT('CN=', tracker(popular(part(v, k, 'd')))) AS subject,
    CONCAT('CN=CA ', popular(part(v, k, 'd')) % 30) AS issuer,
    moment(0, 0) AS not_before,
    moment(0, 86400.0 * 200) AS not_after
FROM v, RANGE(0, 20) AS connections(k);

CREATE VIEW mixed_content AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    0 AS frame_id,
    -1 AS parent_frame_id,
    page(v) AS top_level_url,
    page(v) AS location,
    'http://old.example.com/a.png' AS url,
    'blocked' AS action,
    moment(v, 2) AS time_stamp
FROM v
WHERE
    v % 8 = 0;

CREATE VIEW dns_names AS
SELECT DISTINCT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    CONCAT('px.', tracker(popular(part(v, k, 'd')))) AS host,
    CASE
        WHEN popular(part(v, k, 'd')) % 10 = 0
        THEN CONCAT('["edge', popular(part(v, k, 'd')), '.cdn-host.net"]')
        ELSE '[]'
    END AS canonical_names,
    '["192.0.2.1"]' AS addresses,
    '' AS error,
    '' AS names_error,
    'resolver' AS source,
    moment(v, 1) AS time_stamp
FROM v, RANGE(0, 20) AS connections(k);

CREATE VIEW visit_processes AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    k AS pid,
    'webIsolated' AS process_kind,
    site(v) AS site,
    1.0 AS cpu_s,
    0.1 AS worker_cpu_s,
    0.5 AS dwell_cpu_s,
    10.0 AS dwell_s,
    90000000 AS peak_memory,
    moment(v, 1) AS first_seen,
    moment(v, 15) AS last_seen
FROM v, RANGE(0, 4) AS processes(k);

CREATE VIEW scripts AS
SELECT
    SHA256(text) AS sha256,
    LENGTH(text) AS size,
    ENCODE(text) AS content
FROM (
    SELECT
        CONCAT('!function(){var a="', d, '";', REPEAT(CONCAT('function f', MD5(CONCAT(d)), '(x){return x+1};'), 60), '}()') AS text
    FROM (
        SELECT DISTINCT
            popular(part(v, 3 * i, 'd')) AS d
        FROM v, RANGE(0, 20) AS r(i)
    )
);

CREATE VIEW instruments AS
SELECT DISTINCT
    7 AS crawl_id,
    symbol,
    '' AS source,
    FALSE AS excluded
FROM drawn, v;

CREATE VIEW calls AS
SELECT
    7 AS crawl_id,
    v AS visit_id,
    1 AS attempt,
    f AS frame_id,
    CASE WHEN f = 0 THEN -1 ELSE 0 END AS parent_frame_id,
    page(v) AS top_level_url,
    CONCAT('7_', hexed(v, f, 'file'), '.json') AS file_name,
    n AS row,
    n AS ordinal,
    CASE
        WHEN f = 0
        THEN page(v)
        ELSE CONCAT('https://frame.', tracker(popular(part(v, f, 'frame'))), '/f/', f)
    END AS location,
    CASE WHEN f = 0 THEN 'false' ELSE 'true' END AS in_iframe,
    'window' AS realm,
    symbol,
    CASE WHEN HASH(v, n, 'bad') % 1000 = 0 THEN '?' ELSE operation END AS operation,
    CASE symbol
        WHEN 'CanvasRenderingContext2D.fillText'
        THEN '{"0":"Cwm fjordbank glyphs vext quiz","1":2,"2":15}'
        WHEN 'CanvasRenderingContext2D.measureText'
        THEN '{"0":"mmmmmmmmmmlli"}'
        WHEN 'EventTarget.addEventListener'
        THEN CONCAT('{"0":"', ['mousemove', 'scroll', 'click', 'input', 'load', 'message'][1 + n % 6], '","1":"FUNCTION"}')
        WHEN 'MutationObserver.observe'
        THEN '{"0":"HTML","1":"{\"subtree\":true}"}'
        WHEN 'HTMLCanvasElement.getContext'
        THEN '{"0":"2d"}'
        WHEN 'window.eval'
        THEN '{"0":"1+1"}'
        WHEN 'Element.setAttribute'
        THEN '{"0":"class","1":"a"}'
        WHEN 'window.Storage.setItem'
        THEN CONCAT('{"0":"k","1":"', hexed(v, n // 8, 'stored'), '"}')
    END AS arguments,
    CASE
        WHEN symbol = 'window.document.cookie' AND operation = 'set'
        THEN CONCAT('_s', k, '=', identifier(v, k), '; path=/; max-age=31536000')
        WHEN symbol = 'window.document.cookie'
        THEN CONCAT('uid=', identifier(v, n // 32), '; _ga=GA1.2.', REPEAT(hexed(v, n // 32, 'cookie'), 6))
        WHEN symbol = 'CanvasRenderingContext2D.font'
        THEN CONCAT('12px Font', n % 70)
        WHEN symbol = 'window.name'
        THEN identifier(v, k)
        WHEN operation = 'get'
        THEN 'Mozilla/5.0'
        ELSE ''
    END AS value,
    script(v, k) AS script_url,
    CAST(1 + HASH(k, symbol) % 40 AS TEXT) AS script_line,
    CAST(HASH(symbol, k) % 90000 AS TEXT) AS script_col,
    ['', 't', 'n.get', 'r/<', 'init'][1 + k % 5] AS func_name,
    CASE WHEN v % 11 = 0 AND k % 3 = 0 THEN 'line 1 > eval' ELSE '' END AS script_loc_eval,
    CONCAT('t@', script(v, k), ':1:', HASH(symbol, k) % 90000, CHR(10), 'init@', script(v, k), ':1:20') AS call_stack,
    STRFTIME(moment(v, n / 200.0) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS time_stamp,
    FALSE AS by_browser,
    CASE WHEN symbol LIKE '%Canvas%' THEN 1 + n // 40 END AS receiver,
    CASE WHEN symbol LIKE 'CanvasR%' THEN n // 40 END AS receiver_owner,
    CASE WHEN symbol LIKE '%toDataURL' THEN 300 END AS canvas_width,
    CASE WHEN symbol LIKE '%toDataURL' THEN 150 END AS canvas_height
FROM (
    SELECT
        v,
        n,
        CAST(FLOOR(45 * POWER(part(v, n // 3, 'script'), 2)) AS BIGINT) AS k,
        CASE WHEN part(v, n // 3, 'frame') < 0.8 THEN 0 ELSE 1 + HASH(v, n // 3) % 5 END AS f,
        1 + HASH(v, n, 'symbol') % 1000 AS draw
    FROM v, RANGE(0, GETVARIABLE('calls')) AS calls(n)
)
JOIN drawn
    USING (draw);
