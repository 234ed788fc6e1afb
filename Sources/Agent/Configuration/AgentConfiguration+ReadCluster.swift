internal import Arguments
internal import Gateway

extension AgentConfiguration.Gossip {
  /// The section, if the file or a variable has an address for it.
  static func readIfGiven(_ document: inout SectionReader) throws(ConfigurationError) -> Self? {
    let read: (inout SectionReader) throws(ConfigurationError) -> Self = { (section) throws(ConfigurationError) in
      try Self(&section)
    }
    guard document.isSetByVariable("gossip", address) else {
      return try document.sectionIfGiven("gossip", later: true, read)
    }
    return try document.section("gossip", later: true, read)
  }

  private static let address = SettingName("addr", "bind_addr")

  private init(_ section: inout SectionReader) throws(ConfigurationError) {
    address = try section.require(Self.address, .address)
    externalAddress = try section.readIfGiven("external_addr", .address)
    clientAddress = try section.read("client_addr", .address, or: .ephemeral)
    bootstrap = try section.read("bootstrap", .list(of: .host), or: [])
    isPlaintext = try section.read("plaintext", .flag, or: false)
    maximumMTU = try section.readIfGiven("max_mtu", .whole(1200...65_535))
    idleTimeout = try section.read("idle_timeout_secs", .count, or: 30)
    disablesSegmentationOffload = try section.read("disable_gso", .flag, or: false)
    memberID = try section.readIfGiven("member_id", .whole(0...65_535)).map { UInt16($0) }
    tls = try section.sectionIfGiven("tls") { (section) throws(ConfigurationError) in try TLS(&section) }
    compression = try section.section("compression") { (section) throws(ConfigurationError) in
      try Compression(&section)
    }
    broadcast = try Broadcast(&section)
  }
}

extension BindAddress {
  /// Any address of this machine, and a port that the system chooses.
  fileprivate static var ephemeral: BindAddress {
    ((try? BindAddress(parsing: "[::]:0")) ?? .everywhere).with(port: 0)
  }
}

extension SettingKind where Value == String {
  /// A node to ask first.
  fileprivate static var host: Self {
    text("`ip:port`, `host`, `host:port` or `host:port@dns-server`") { text in
      !text.utf8.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        && text.utf8.count { $0 == UInt8(ascii: "@") } <= 1
    }
  }
}

extension AgentConfiguration.Gossip.TLS {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    identity = try AgentConfiguration.Identity(&section)
    authorities = try section.readIfGiven("ca_file", .text)
    skipsVerification = try section.read("insecure", .flag, or: false)
    client = try section.sectionIfGiven("client") { (section) throws(ConfigurationError) in
      try AgentConfiguration.Identity(&section)
    }
    guard authorities == nil else { return }
    if client != nil {
      throw section.invalid(
        "client", "needs ca_file", hint: "Name the authority that signs the certificates of nodes in ca_file.")
    }
    guard skipsVerification else {
      throw section.invalid(
        "ca_file", "is missing", hint: "Name the authority that signs the nodes' certificates, or set insecure = true.")
    }
  }
}

extension AgentConfiguration.Gossip.Compression {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    isEnabled = try section.read("enabled", .flag, or: false)
    level = try section.read("level", .whole(1...22), or: 3)
    dictionaryDirectory = try section.readIfGiven("dict_dir", .text)
    dictionaryFile = try section.readIfGiven("dict_file", .text)
    if dictionaryFile != nil, dictionaryDirectory == nil {
      throw section.invalid("dict_file", "needs dict_dir", hint: "Name the directory of the dictionaries in dict_dir.")
    }
  }
}

extension AgentConfiguration.Gossip.Broadcast {
  private enum Name: String, Sendable, CaseIterable { case gossip }

  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    let name: SettingName = "broadcast"
    guard section.isTable(name) else {
      _ = try section.read(name, .choice(Name.gossip), or: .gossip)
      self = .gossip
      return
    }
    self = .plumtree(
      try section.section(name) { (section) throws(ConfigurationError) in
        try section.section("plumtree") { (section) throws(ConfigurationError) in
          try AgentConfiguration.Gossip.Plumtree(&section)
        }
      })
  }
}

extension AgentConfiguration.Gossip.Plumtree {
  fileprivate init(_ section: inout SectionReader) throws(ConfigurationError) {
    pruneThreshold = try section.read("prune_threshold", .count, or: 5)
    optimizationThreshold = try section.readIfGiven("optimization_threshold", .count)
    batchesGossip = try section.read("batch_gossip", .flag, or: false)
    pruneThrottle = try section.read("prune_throttle_secs", .time, or: 1)
    eagerRatios = try section.section("eager_ratios") { (section) throws(ConfigurationError) in
      let ratios = (
        near: try section.read("near-pct", .percent, or: 50), middle: try section.read("mid-pct", .percent, or: 30),
        far: try section.read("far-pct", .percent, or: 20)
      )
      guard ratios.near + ratios.middle + ratios.far == 100 else {
        throw section.invalid(
          "near-pct", "and its neighbours are \(ratios.near), \(ratios.middle) and \(ratios.far)",
          hint: "Let near-pct, mid-pct and far-pct make 100 together.")
      }
      return ratios
    }
  }
}

extension AgentConfiguration.Performance {
  init(_ section: inout SectionReader) throws(ConfigurationError) {
    applyChannel = try section.read("apply_channel_len", .count, or: 2048)
    changesChannel = try section.read("changes_channel_len", .count, or: 1024)
    emptiesChannel = try section.read("empties_channel_len", .count, or: 1024)
    toSendChannel = try section.read("to_send_channel_len", .count, or: 512)
    notificationsChannel = try section.read("notifications_channel_len", .count, or: 512)
    scheduleChannel = try section.read("schedule_channel_len", .count, or: 512)
    clearBufferChannel = try section.read("clearbuf_channel_len", .count, or: 512)
    broadcastChannel = try section.read("bcast_channel_len", .count, or: 512)
    membershipChannel = try section.read("foca_channel_len", .count, or: 256)
    walThreshold = try section.read("wal_threshold_mb", .count, or: 5120, later: false)
    transactionTimeout = try section.read("sql_tx_timeout", .count, or: 60)
    leastSyncBackoff = try section.read("min_sync_backoff", .time, or: 1)
    greatestSyncBackoff = try section.read("max_sync_backoff", .time, or: 15)
    partialRetryBackoff = try section.read("partial_retry_backoff", .time, or: 0)
    processingQueue = try section.read("processing_queue_len", .count, or: 20_000)
    applyQueueTimeout = try section.read("apply_queue_timeout", .time, or: 10)
    leastBatch = try section.read("apply_queue_min_batch_size", .count, or: 100)
    batchStep = try section.read("apply_queue_step_base", .count, or: 500)
    greatestBatch = try section.read("apply_queue_max_batch_size", .count, or: 16_000)
    batchThreshold = try section.read("apply_queue_batch_threshold_ratio", .share, or: 0.9)
    if leastSyncBackoff > greatestSyncBackoff {
      throw section.invalid(
        "min_sync_backoff", "is more than max_sync_backoff (\(greatestSyncBackoff))", hint: "Let it be at most that.")
    }
    if leastBatch > greatestBatch {
      throw section.invalid(
        "apply_queue_min_batch_size", "is more than apply_queue_max_batch_size (\(greatestBatch))",
        hint: "Let it be at most that.")
    }
  }
}
