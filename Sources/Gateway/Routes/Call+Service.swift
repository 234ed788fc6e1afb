internal import Documents
internal import HTTP
internal import JSON
internal import Platform
internal import Pools
internal import WebPage

// Routes about the server itself.

extension Call {
  func answerReadiness(_ isReady: Bool) {
    guard isReady else { return fail(Failure(.busy, "the server is stopping"), status: 503) }
    answer(.object([("ready", .bool(true))]))
  }

  func answerOpenAPI() {
    let document = UnsafeRawBufferPointer(start: webpage_openapi_bytes(), count: webpage_openapi_size())
    exchange.respond(head(200, MediaType.json), document)
  }

  func redirect(to path: StaticString) {
    var head = head(307, MediaType.json)
    head.add("location", path)
    exchange.respond(head, [])
  }

  func answerPage(_ page: Page) {
    let text: [UInt8]
    let policy: String
    do throws(SystemError) {
      (text, policy) = try page.make()
    } catch {
      return fail(Failure(.internal, "no randomness from the system", causes: [error.message]))
    }
    var head = head(200, MediaType.page)
    head.add("content-security-policy", text: policy)
    head.add("referrer-policy", "no-referrer")
    head.add("cache-control", "no-cache")
    exchange.respond(head, text)
  }

  /// What the web page may offer to whoever looks at it.
  func answerStatus() {
    let (reads, writes) = (grant.refusal(.read, pool: nil) == nil, grant.refusal(.write, pool: nil) == nil)
    let mode: GatewaySettings.AccessMode = reads ? (writes ? .readWrite : .readOnly) : .writeOnly
    let limits = gateway.setup.settings.limits
    answer(
      .object([
        (
          "status",
          .object([
            ("access", .text(mode.name)), ("version", .text(gateway.setup.version)),
            (
              "limits",
              .object([
                ("max_body_bytes", .whole(UInt64(limits.bodyBytes))),
                ("max_tail_concurrency", .whole(UInt64(limits.tails))),
                ("max_tail_timeout_ms", .whole(UInt64(limits.tailTimeout))),
              ])
            ),
          ])
        )
      ]))
  }

  /// Answers with the server's counters, and what the pools hold that whoever asks may read.
  func answerMetrics(_ now: Metrics.Snapshot, _ desk: Desk) {
    var text = MetricsText(ByteWriter(capacity: 8192))
    text.begin("weir_build_info", "gauge", "The version that runs; always 1.")
    text.sample("weir_build_info", "version", now.version, 1)
    text.begin("weir_start_time_seconds", "gauge", "When the server started, in seconds since 1970.")
    text.sample("weir_start_time_seconds", seconds: now.started)
    text.append(now.counts)
    text.begin("weir_tails", "gauge", "Streams of messages that are open.")
    text.sample("weir_tails", nil, "", UInt64(now.tails))
    writePools(&text)
    text.finish().withUnsafeBytes { exchange.respond(head(200, MediaType.metrics), $0) }
  }

  private func writePools(_ text: inout MetricsText) {
    guard grant.refusal(.read, pool: nil) == nil else { return }
    var infos: [(name: String, info: PoolInfo)] = []
    var unreadable: UInt64 = 0
    for listing in (try? PoolDirectory.list(gateway.setup.directory)) ?? []
    where grant.allows(.read, pool: listing.name) {
      do throws(PoolError) {
        infos.append(
          (listing.name, try gateway.pools.use(listing.name) { (pool) throws(PoolError) in try pool.info() }))
      } catch {
        unreadable += 1
      }
    }
    func gauge(_ name: StaticString, _ type: StaticString, _ help: StaticString, _ value: (PoolInfo) -> UInt64?) {
      text.begin(name, type, help)
      for (pool, info) in infos { if let value = value(info) { text.sample(name, "pool", pool, value) } }
    }
    gauge("weir_pool_messages", "gauge", "Messages that the pool retains.") { $0.messageCount }
    gauge("weir_pool_file_bytes", "gauge", "Bytes of the pool's file.") { $0.geometry.fileSize }
    gauge("weir_pool_used_bytes", "gauge", "Bytes of the ring that messages take.") { $0.usedBytes }
    gauge("weir_pool_appended_total", "counter", "Messages that were ever appended: the newest sequence number.") {
      $0.bounds?.upperBound
    }
    text.begin("weir_pools_unreadable", "gauge", "Pools of the directory that cannot be read.")
    text.sample("weir_pools_unreadable", nil, "", unreadable)
  }

  func refuse(_ fault: Route.Fault) {
    switch fault {
    case .unknown:
      fail(Failure(.notFound, "no such route", hint: "See /openapi.json for what there is."))
    case .method(let allowed):
      fail(Failure(.usage, "method not allowed", hint: "Use \(allowed)."), status: 405) { $0.add("allow", allowed) }
    case .path:
      fail(Failure(.usage, "malformed path", hint: "Percent-encode UTF-8 text in the path."))
    case .sequence:
      fail(Failure(.usage, "invalid sequence number", hint: "It is a whole number from 0 to 2^64 - 1."))
    }
  }
}
