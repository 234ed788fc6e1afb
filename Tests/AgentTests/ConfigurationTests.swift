import Documents
import Gateway
import Testing

@testable import Agent

@Suite struct ConfigurationTests {
  @Test func defaultsAreThoseOfTheReference() throws {
    let node = try load(least).configuration
    #expect(node.database.path == "/var/lib/weir/state.db")
    #expect(node.database.schemaPaths.isEmpty)
    #expect(node.database.subscriptionsPath == "/var/lib/weir/subscriptions")
    #expect(node.database.cacheSize == -1_048_576)
    #expect(node.api.listeners.map { $0.text } == ["127.0.0.1:8080"])
    #expect(node.api.endpointName == nil)
    #expect(node.api.bearerToken == nil)
    #expect(node.api.postgres.isEmpty)
    #expect(node.gossip == nil)
    #expect(node.admin.path == "/var/run/corrosion/admin.sock")
    #expect(node.log.format == .plaintext)
    #expect(node.log.isColored)
    #expect(node.consul == nil)
    #expect(node.captures.isEmpty)
    #expect(node.performance.applyChannel == 2048)
    #expect(node.performance.membershipChannel == 256)
    #expect(node.performance.batchThreshold == 0.9)
    #expect(node.performance.greatestBatch == 16_000)
    #expect(node.reaper.checkInterval == 3600)
    #expect(node.reaper.rowLimit == 500)
  }

  @Test func everyKeyIsRead() throws {
    let loaded = try load(everything)
    let node = loaded.configuration
    #expect(node.database.schemaPaths == ["a", "b"])
    #expect(node.database.subscriptionsPath == "subs")
    #expect(node.database.cacheSize == 100)
    #expect(node.api.listeners.map { $0.text } == ["127.0.0.1:8080", "[::1]:8081"])
    #expect(node.api.endpointName == "node-1")
    #expect(node.api.bearerToken == "hush")
    #expect(node.api.postgres.map { $0.address.port } == [5432, 5433])
    #expect(node.api.postgres.map { $0.isReadOnly } == [true, false])
    #expect(node.api.postgres[1].tls?.verifiesClients == true)
    let gossip = try #require(node.gossip)
    #expect(gossip.address.port == 8787)
    #expect(gossip.externalAddress?.text == "192.0.2.1:8787")
    #expect(gossip.bootstrap == ["192.0.2.2:8787", "node.example:4001@192.0.2.53"])
    #expect(gossip.tls?.client?.key == "ck")
    #expect(gossip.maximumMTU == 1372)
    #expect(gossip.memberID == 65_535)
    #expect(gossip.compression.dictionaryFile == "f")
    guard case .plumtree(let plumtree) = gossip.broadcast else { return #expect(Bool(false), "no plumtree") }
    #expect(plumtree.eagerRatios == (60, 30, 10))
    #expect(node.performance.broadcastChannel == 7)
    #expect(node.admin.path == "admin.sock")
    #expect(node.telemetry.metricsAddress?.port == 9090)
    #expect(node.telemetry.traces == .endpoint("http://127.0.0.1:4317"))
    #expect(node.log.format == .json)
    #expect(!node.log.isColored)
    #expect(node.consul?.address == "127.0.0.1:8501")
    #expect(node.consul?.identity?.certificate == "c")
    #expect(node.reaper.tables.map { $0.name } == ["s", "t"])
    #expect(node.reaper.tables.map { $0.retention } == [31_536_000, 1_209_600])
    #expect(node.captures.map { $0.pool } == ["audit", "orders"])
    #expect(node.captures.map { $0.tables } == [.all, .named(["orders", "lines"])])
    #expect(node.captures.map { $0.origin } == [.all, .remote])
    #expect(node.captures.map { $0.size } == [1 << 20, 8 << 20])
  }

  @Test(arguments: [
    ("addr", "api", "bind_addr = \"127.0.0.1:1\""),
    ("authz", "api", "addr = \"127.0.0.1:1\"\nauthorization.bearer = \"t\""),
    ("authz", "api", "addr = \"127.0.0.1:1\"\nauthz = { bearer-token = \"t\" }"),
    ("authz", "api", "addr = \"127.0.0.1:1\"\n[api.authz]\nbearer_token = \"t\""),
  ])
  func bothSpellingsMeanTheSame(key: String, section: String, lines: String) throws {
    let api = try load("db.path = \"x\"\n[\(section)]\n\(lines)\n").configuration.api
    #expect(api.listeners.first?.port == 1)
    if key == "authz" { #expect(api.bearerToken == "t") }
  }

  @Test(arguments: [
    ("telemetry.open-telemetry = \"from-env\"", true), ("telemetry.open-telemetry = \"from_env\"", true),
    ("telemetry.open_telemetry = { exporter = { endpoint = \"e\" } }", false),
  ])
  func tracesAreToldInAnyOfTheWays(line: String, isFromEnvironment: Bool) throws {
    let traces = try load("\(line)\n\(least)").configuration.telemetry.traces
    #expect(traces == (isFromEnvironment ? .fromEnvironment : .endpoint("e")))
  }

  @Test(arguments: [
    // text, kind, line, a part of the message, a part of the hint
    (
      "db.pth = \"x\"\napi.addr = \"127.0.0.1:1\"", ConfigurationError.Kind.unknownKey, 1, "unknown key pth in [db]",
      "`path`"
    ),
    ("db.path = \"x\"\n[api]\nadr = \"127.0.0.1:1\"", .unknownKey, 3, "unknown key adr in [api]", "`addr`"),
    ("db.path = \"x\"\n[ap]\naddr = 1", .unknownKey, 2, "unknown key ap in the configuration", "`api`"),
    ("db.path = \"x\"\n[api]\n", .missingKey, 2, "api.addr is missing", "API__ADDR"),
    ("db.path = \"x\"\n[api]\naddr = []", .invalidValue, 3, "at least 1 of them", ""),
    ("db.path = \"x\"\n[api]\naddr = 80", .wrongType, 3, "api.addr is a whole number", "an IP address and a port"),
    ("db.path = \"x\"\n[api]\naddr = [\n80]", .invalidValue, 3, "api.addr has a whole number in it", "an IP address"),
    ("db.path = \"x\"\n[api]\naddr = \"here\"", .invalidValue, 3, "must be an IP address", ""),
    (
      "db.path = \"x\"\n[api]\naddr = \"127.0.0.1:1\"\nbind_addr = \"127.0.0.1:2\"", .duplicate, 4, "bind_addr",
      "Take one"
    ),
    ("db = 1\n", .wrongType, 1, "db is a whole number", "[db]"),
    ("db.path = \"\"\n", .invalidValue, 1, "db.path must be", ""),
    ("db.path = \"a\\u0000b\"\n", .invalidValue, 1, "db.path must be", ""),
    ("db.path = \"x\"\ndb.path = \"y\"", .syntax, 2, "not TOML", ""),
  ])
  func errorsSayWhereAndWhatToDo(text: String, kind: ConfigurationError.Kind, line: Int, message: String, hint: String)
    throws
  {
    let error = try #require(refusal(text))
    #expect(error.kind == kind)
    #expect(error.message.contains(message), "\(error.message)")
    #expect(hint.isEmpty || error.hint.contains(hint), "\(error.hint)")
    guard case .file(line: let found, _) = error.origin else { return #expect(Bool(false), "\(error.origin)") }
    #expect(found == line)
    #expect(Failure(error).message.hasPrefix("line \(line), column "))
    #expect(Failure(error).path == "config.toml")
  }

  @Test(arguments: [
    ("gossip", ConfigurationError.Kind.missingKey, "[gossip]\nplaintext = true"),
    ("tls", .missingKey, "[gossip]\naddr = \"[::]:1\"\n[gossip.tls]\ncert_file = \"c\"\ninsecure = true"),
    ("tls", .invalidValue, "[gossip]\naddr = \"[::]:1\"\n[gossip.tls]\ncert_file = \"c\"\nkey_file = \"k\""),
    (
      "client", .invalidValue,
      "[gossip]\naddr = \"[::]:1\"\n[gossip.tls]\ncert_file = \"c\"\nkey_file = \"k\"\ninsecure = true\n"
        + "client = { cert_file = \"c\", key_file = \"k\" }"
    ),
    ("level", .invalidValue, "[gossip]\naddr = \"[::]:1\"\ncompression.level = 23"),
    ("dict_file", .invalidValue, "[gossip]\naddr = \"[::]:1\"\ncompression.dict_file = \"f\""),
    ("max_mtu", .invalidValue, "[gossip]\naddr = \"[::]:1\"\nmax_mtu = 1199"),
    ("member_id", .invalidValue, "[gossip]\naddr = \"[::]:1\"\nmember_id = 65536"),
    ("bootstrap", .invalidValue, "[gossip]\naddr = \"[::]:1\"\nbootstrap = [\"a b\"]"),
    ("broadcast", .invalidValue, "[gossip]\naddr = \"[::]:1\"\nbroadcast = \"shout\""),
    ("broadcast", .unknownKey, "[gossip]\naddr = \"[::]:1\"\nbroadcast.shout = {}"),
    ("eager", .invalidValue, "[gossip]\naddr = \"[::]:1\"\nbroadcast.plumtree.eager_ratios.near-pct = 51"),
    ("perf", .wrongType, "[perf]\nsql_tx_timeout = \"60\""),
    ("perf", .invalidValue, "[perf]\napply_channel_len = 0"),
    ("perf", .invalidValue, "[perf]\nmin_sync_backoff = 20"),
    ("perf", .invalidValue, "[perf]\napply_queue_batch_threshold_ratio = 1.01"),
    ("perf", .invalidValue, "[perf]\napply_queue_batch_threshold_ratio = nan"),
    ("log", .invalidValue, "[log]\nformat = \"jsn\""),
    ("reaper", .missingKey, "[reaper.tables.t]\nmatch_filter = \"x\""),
    ("reaper", .invalidValue, "[reaper.tables.t]\nretention = \"14\""),
    ("reaper", .invalidValue, "[reaper.tables.t]\nretention = \"99999999999999999999y\""),
    ("capture", .missingKey, "[capture.p]\norigin = \"local\""),
    ("capture", .invalidValue, "[capture.p]\ntables = []"),
    ("capture", .invalidValue, "[capture.p]\ntables = \"t\"\norigin = \"here\""),
    ("capture", .invalidValue, "[capture.p]\ntables = \"t\"\nsize = \"8X\""),
    ("capture", .invalidValue, "[capture.p]\ntables = \"t\"\nsize = -1"),
    ("capture", .invalidValue, "[capture.\"../p\"]\ntables = \"t\""),
    ("capture", .wrongType, "[capture]\np = 1"),
    ("bearer", .invalidValue, "[api.authz]\nbearer = \" x\""),
    ("pg", .missingKey, "[[api.pg]]\nreadonly = true"),
  ])
  func whatCannotBeIsRefused(about: String, kind: ConfigurationError.Kind, lines: String) throws {
    let error = try #require(refusal(least + lines))
    #expect(error.kind == kind, "\(about): \(error.message)")
    guard case .file(line: 5..., _) = error.origin else { return #expect(Bool(false), "\(error.origin)") }
  }

  @Test func secretsAreInNoError() throws {
    let error = try #require(refusal(least + "[api.authz]\nbearer = \"top\\u0001secret\""))
    #expect(!error.message.contains("secret") && !error.hint.contains("secret"))
  }
}

/// A file with every key in it.
let everything = """
  [db]
  path = "s.db"
  schema_paths = ["a", "b"]
  subscriptions_path = "subs"
  cache_size_kib = 100
  [api]
  addr = ["127.0.0.1:8080", "[::1]:8081"]
  endpoint_name = "node-1"
  authz = { bearer-token = "hush" }
  [[api.pg]]
  addr = "127.0.0.1:5432"
  readonly = true
  [[api.pg]]
  bind_addr = "127.0.0.1:5433"
  tls = { cert_file = "c", key_file = "k", ca_file = "a", verify_client = true }
  [gossip]
  addr = "[::]:8787"
  external_addr = "192.0.2.1:8787"
  client_addr = "[::]:0"
  bootstrap = ["192.0.2.2:8787", "node.example:4001@192.0.2.53"]
  plaintext = false
  max_mtu = 1372
  idle_timeout_secs = 60
  disable_gso = true
  member_id = 65535
  [gossip.tls]
  cert_file = "c"
  key_file = "k"
  ca_file = "a"
  insecure = false
  client = { cert_file = "cc", key_file = "ck" }
  [gossip.compression]
  enabled = true
  level = 22
  dict_dir = "d"
  dict_file = "f"
  [gossip.broadcast.plumtree]
  prune_threshold = 6
  optimization_threshold = 2
  batch_gossip = true
  prune_throttle_secs = 2
  eager_ratios = { near-pct = 60, mid-pct = 30, far-pct = 10 }
  [perf]
  apply_channel_len = 1
  changes_channel_len = 2
  empties_channel_len = 3
  to_send_channel_len = 4
  notifications_channel_len = 5
  schedule_channel_len = 6
  clearbuf_channel_len = 6
  bcast_channel_len = 7
  foca_channel_len = 8
  wal_threshold_mb = 9
  sql_tx_timeout = 10
  min_sync_backoff = 1
  max_sync_backoff = 2
  partial_retry_backoff = 3
  processing_queue_len = 11
  apply_queue_timeout = 12
  apply_queue_min_batch_size = 13
  apply_queue_step_base = 14
  apply_queue_max_batch_size = 15
  apply_queue_batch_threshold_ratio = 1
  [admin]
  uds_path = "admin.sock"
  port = 9090
  [telemetry]
  prometheus.bind_addr = "127.0.0.1:9090"
  open-telemetry.exporter.endpoint = "http://127.0.0.1:4317"
  [log]
  format = "json"
  colors = false
  [consul.client]
  tls = { ca_file = "a", cert_file = "c", key_file = "k" }
  [reaper]
  check_interval = 60
  row_limit = 200
  check_orphaned_pks = true
  [reaper.tables]
  t = { retention = "14d", match_filter = "id > 3" }
  s = { retention = "1y" }
  [capture.orders]
  tables = ["orders", "lines"]
  origin = "remote"
  directory = "pools"
  size = "8M"
  [capture.audit]
  tables = "*"
  """
