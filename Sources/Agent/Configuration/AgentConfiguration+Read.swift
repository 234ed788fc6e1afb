internal import Arguments
internal import Documents
internal import Gateway
internal import Platform
internal import Pools

extension AgentConfiguration {
  /// What the document and the rest of the run say. Unknown keys and values that cannot be are errors; see `SectionReader`.
  init(_ document: inout SectionReader) throws(ConfigurationError) {
    database = try document.section("db") { (section) throws(ConfigurationError) in try Database(&section) }
    api = try document.section("api") { (section) throws(ConfigurationError) in try API(&section) }
    gossip = try Gossip.readIfGiven(&document)
    performance = try document.section("perf", later: true) { (section) throws(ConfigurationError) in
      try Performance(&section)
    }
    admin = try document.section("admin") { (section) throws(ConfigurationError) in try Admin(&section) }
    telemetry = try document.section("telemetry", later: true) { (section) throws(ConfigurationError) in
      try Telemetry(&section)
    }
    log = try document.section("log") { (section) throws(ConfigurationError) in try Log(&section) }
    consul = try document.sectionIfGiven("consul", later: true) { (section) throws(ConfigurationError) in
      try section.section("client") { (section) throws(ConfigurationError) in try Consul(&section) }
    }
    reaper = try document.section("reaper", later: true) { (section) throws(ConfigurationError) in
      try Reaper(&section)
    }
    captures = try document.named("capture") { (name, section) throws(ConfigurationError) in
      try Capture(name, &section)
    }
  }
}

extension AgentConfiguration.Database {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    path = try section.require("path", .text)
    schemaPaths = try section.read("schema_paths", .list(of: .text), or: [])
    subscriptionsPath = try section.read("subscriptions_path", .text, or: Self.subscriptions(beside: path))
    cacheSize = try section.read("cache_size_kib", .whole(Int(Int32.min)...Int(Int32.max)), or: -1_048_576)
  }

  private static func subscriptions(beside path: String) -> String {
    guard let directory = Paths.parent(of: path) else { return "subscriptions" }
    return Paths.join(directory, "subscriptions")
  }
}

extension AgentConfiguration.API {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    listeners = try section.require(SettingName("addr", "bind_addr"), .list(of: .address, atLeast: 1))
    endpointName = try section.readIfGiven("endpoint_name", .text)
    bearerToken = try section.section(SettingName("authz", "authorization")) { (section) throws(ConfigurationError) in
      try section.readIfGiven(SettingName("bearer-token", "bearer"), .token, isSecret: true)
    }
    postgres = try section.tables("pg", later: true) { (section) throws(ConfigurationError) in
      try AgentConfiguration.Postgres(&section)
    }
  }
}

extension AgentConfiguration.Postgres {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    address = try section.require(SettingName("addr", "bind_addr"), .address)
    isReadOnly = try section.read("readonly", .flag, or: false)
    tls = try section.sectionIfGiven("tls") { (section) throws(ConfigurationError) in
      AgentConfiguration.ServerTLS(
        identity: try AgentConfiguration.Identity(&section), authorities: try section.readIfGiven("ca_file", .text),
        verifiesClients: try section.read("verify_client", .flag, or: false))
    }
  }
}

extension AgentConfiguration.Identity {
  init(_ section: inout SectionReader) throws(ConfigurationError) {
    certificate = try section.require("cert_file", .text)
    key = try section.require("key_file", .text)
  }
}

extension AgentConfiguration.Admin {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    path = try section.read(SettingName("path", "uds_path"), .text, or: Self.usualPath)
    // Of nodes that have no Unix-domain sockets.
    _ = try section.readIfGiven("port", .whole(0...65535), later: true)
  }
}

extension AgentConfiguration.Log {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    format = try section.read("format", .choice(.plaintext), or: .plaintext)
    isColored = try section.read("colors", .flag, or: true)
  }
}

extension AgentConfiguration.Capture {
  fileprivate init(_ pool: String, _ section: inout SectionReader) throws(ConfigurationError) {
    self.pool = pool
    do throws(PoolError) {
      try PoolDirectory.requireName(pool)
    } catch {
      throw section.invalid("names no pool: \(error.message)", hint: "Write the section as [capture.NAME].")
    }
    let names = try section.require("tables", .list(of: .text, atLeast: 1))
    tables = names.containsBytes(of: "*") ? .all : .named(names)
    origin = try section.read("origin", .choice(.all), or: .all)
    directory = try section.readIfGiven("directory", .text)
    size = try section.read("size", .bytes, or: PoolLimits.defaultFileSize)
  }
}

extension AgentConfiguration.Telemetry {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    metricsAddress = try section.section("prometheus") { (section) throws(ConfigurationError) in
      try section.readIfGiven(SettingName("addr", "bind_addr"), .address, later: false)
    }
    traces = try Self.traces(&section)
  }

  private static func traces(
    _ section: inout SectionReader
  ) throws(ConfigurationError) -> AgentConfiguration.Telemetry.Traces? {
    let name: SettingName = "open-telemetry"
    guard section.isTable(name) else {
      let source = try section.readIfGiven(
        name, .text("\"from-env\", or a table with an exporter") { SettingName("from-env").isCalled($0) })
      return source.map { _ in .fromEnvironment }
    }
    return try section.section(name) { (section) throws(ConfigurationError) in
      .endpoint(
        try section.section("exporter") { (section) throws(ConfigurationError) in
          try section.require("endpoint", .text)
        })
    }
  }
}

extension AgentConfiguration.Consul {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    address = try section.read(SettingName("address", "addr"), .text, or: "127.0.0.1:8501")
    let tls = try section.sectionIfGiven("tls") { (section) throws(ConfigurationError) in
      (authorities: try section.readIfGiven("ca_file", .text), identity: try AgentConfiguration.Identity(&section))
    }
    authorities = tls?.authorities
    identity = tls?.identity
  }
}

extension AgentConfiguration.Reaper {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    tables = try section.named("tables") { (name, section) throws(ConfigurationError) in
      let retention = try section.require("retention", .text)
      guard let seconds = Self.seconds(retention) else {
        throw section.invalid(
          "retention", "must be a whole number and one of s, m, h, d, w, y", hint: "Write for example \"14d\".")
      }
      return Table(name: name, retention: seconds, matchFilter: try section.readIfGiven("match_filter", .text))
    }
    checkInterval = try section.read("check_interval", .count, or: 3600)
    rowLimit = try section.read("row_limit", .count, or: 500)
    checksOrphanedKeys = try section.read("check_orphaned_pks", .flag, or: false)
  }

  /// `14d` as seconds; a year has 365 days. A value that is missing, and reported later, counts as none.
  private static func seconds(_ text: String) -> UInt64? {
    guard let unit = text.utf8.last else { return 0 }
    let seconds: UInt64
    switch unit {
    case UInt8(ascii: "s"): seconds = 1
    case UInt8(ascii: "m"): seconds = 60
    case UInt8(ascii: "h"): seconds = 3600
    case UInt8(ascii: "d"): seconds = 86_400
    case UInt8(ascii: "w"): seconds = 604_800
    case UInt8(ascii: "y"): seconds = 31_536_000
    default: return nil
    }
    let digits = text.utf8.dropLast()
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      let number = UInt64(String(decoding: digits, as: UTF8.self))
    else { return nil }
    let (total, overflow) = number.multipliedReportingOverflow(by: seconds)
    return overflow ? nil : total
  }
}
