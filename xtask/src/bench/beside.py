"""What muster's ingest is measured against: DuckDB reads the same JSON lines and writes Parquet sorted by time, the line kept.

usage: beside.py CORPUS.jsonl OUT.parquet     prints one JSON object: version, rows, seconds
The columns are the fields of CloudTrail that muster has as columns too. Two threads, zstd, otherwise as DuckDB comes.
"""
import json, sys, time
import duckdb

corpus, out = sys.argv[1:3]
FIELDS = """eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage eventID requestID eventType
    recipientAccountId vpcEndpointId userIdentity.type userIdentity.arn userIdentity.userName userIdentity.principalId
    userIdentity.accountId userIdentity.accessKeyId userIdentity.sessionContext.sessionIssuer.arn requestParameters.bucketName
    requestParameters.roleArn requestParameters.userName responseElements.credentials.accessKeyId""".split()
paths = ", ".join(f"'$.{f}'" for f in FIELDS)
columns = ", ".join(f"v[{i + 1}] AS \"{f}\"" for i, f in enumerate(FIELDS))
quote = lambda path: "'" + path.replace("'", "''") + "'"

db = duckdb.connect()
db.execute("SET threads = 2")
begin = time.monotonic()
db.execute(f"""
    COPY (
        SELECT {columns}, line
        FROM (SELECT json_extract_string(json, [{paths}]) AS v, json::VARCHAR AS line
              FROM read_json_objects({quote(corpus)}, format = 'newline_delimited'))
        ORDER BY v[1]::TIMESTAMP
    ) TO {quote(out)} (FORMAT parquet, COMPRESSION zstd)""")
seconds = time.monotonic() - begin
rows = db.execute(f"SELECT count(*) FROM read_parquet({quote(out)})").fetchone()[0]
print(json.dumps({"version": duckdb.__version__, "rows": rows, "seconds": seconds}))
