internal import Platform
internal import Reactor

/// Connections that have not said hello, oldest first. Loop only.
struct UngreetedLine: ~Copyable {
  /// Who left leaves a gap.
  private var line: [Channel?] = []
  private var start = 0
  private(set) var count = 0

  mutating func append(_ channel: Channel) {
    channel.placeInLine = line.count
    line.append(channel)
    count += 1
  }

  mutating func remove(_ channel: Channel) {
    guard let place = channel.placeInLine else { return }
    channel.placeInLine = nil
    line[place] = nil
    count -= 1
    if line.count > 2 * count + 64 { closeGaps() }
  }

  private mutating func closeGaps() {
    line.removeAll { $0 == nil }
    start = 0
    for (place, channel) in line.enumerated() { channel?.placeInLine = place }
  }

  /// The one that has waited longest.
  mutating func oldest() -> Channel? {
    while start < line.count, line[start] == nil { start += 1 }
    return start < line.count ? line[start] : nil
  }
}

// On the loop.
extension EngineCore {
  // MARK: Connecting

  func connect(_ channel: Channel, _ address: ChannelAddress, _ layer: SecureLayer?) {
    guard !channel.isOver else { return }
    channel.watchTime()
    let layer = SendableLayer(layer)
    find(address) { found in
      switch found {
      case .success(let addresses): channel.open(addresses, secure: layer.layer)
      case .failure(let error): channel.end(.invalidAddress, detail: error.message)
      }
    }
  }

  /// Calls `done` with the socket addresses that `address` stands for, at once if no name has to be resolved.
  private func find(
    _ address: ChannelAddress, _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
  ) {
    switch address {
    case .unix(let path):
      done(Self.result { () throws(SystemError) in [try SocketAddress.unix(path)] })
    case .tcp(let host, let port), .tls(let host, let port):
      if host.utf8.isEmpty {
        done(Self.result { () throws(SystemError) in [try SocketAddress.any(port: port)] })
      } else if let literal = try? SocketAddress.literal(host, port: port) {
        done(.success([literal]))
      } else {
        loop.network.resolve(host, port: port, on: loop, done)
      }
    }
  }

  private static func result(
    _ body: () throws(SystemError) -> [SocketAddress]
  ) -> Result<[SocketAddress], SystemError> {
    do throws(SystemError) { return .success(try body()) } catch { return .failure(error) }
  }

  // MARK: Listening

  func listen(_ entry: ListenerEntry, _ address: ChannelAddress, _ carried: CarriedNode) {
    find(address) { [self] found in
      guard !entry.isClosed, let node = carried.take() else { return }
      do throws(SystemError) {
        let addresses = try found.get()
        guard let first = addresses.first else { throw SystemError(.notFound) }
        var secure: SecureContext?
        if case .tls = address { secure = options.secureServer }
        let listener = try ChannelListener(self, entry.mailbox, number: entry.number, first, secure: secure)
        entry.listener = listener
        try listener.start()
        welcome(node, entry, address, listener.address)
      } catch {
        let reason = CloseReason(listening: error)
        node.pointee.opCode = .welcomeResponse
        notify(node, reason.status, to: entry.mailbox)
        endListener(entry, reason, detail: error.message)
      }
    }
  }

  /// Tells the application where its listener really listens.
  private func welcome(
    _ node: MessageNode.Pointer, _ entry: ListenerEntry, _ asked: ChannelAddress, _ bound: SocketAddress
  ) {
    let real: ChannelAddress =
      switch asked {
      case .unix: asked
      case .tcp: .tcp(host: bound.text, port: bound.port)
      case .tls: .tls(host: bound.text, port: bound.port)
      }
    var message = Message(node)
    message.replaceHeader(ReservedHeader.listenOn, real.headerValue)
    let node = message.takeNode()
    node.pointee.opCode = .welcomeResponse
    notify(node, .success, to: entry.mailbox)
  }

  func accepted(_ socket: SocketNumber, by listener: ChannelListener) {
    lock.lock()
    let channel: Channel
    do throws(ChannelError) {
      channel = try addAccepted(listener)
    } catch {
      lock.unlock()
      return loop.network.close(socket, aborting: true)
    }
    lock.unlock()
    if ungreeted.count >= options.maximumUngreeted { ungreeted.oldest()?.end(.helloTimedOut) }
    ungreeted.append(channel)
    do throws(SecureError) {
      channel.start(accepted: socket, secure: try listener.secure?.server())
      channel.watchTime()
    } catch {
      loop.network.close(socket, aborting: true)
      channel.end(.secureHandshake, detail: error.message)
    }
  }

  /// With the lock.
  private func addAccepted(_ listener: ChannelListener) throws(ChannelError) -> Channel {
    let number = try takeNumber()
    do throws(SystemError) {
      let channel = try Channel(self, listener.mailbox, number: number, life: .server(), noticeID: 0)
      endpoints[Int(number)] = .channel(channel)
      return channel
    } catch {
      numbers.release(number)
      throw ChannelError(error, "cannot make a channel")
    }
  }

  func greeted(_ channel: Channel) { ungreeted.remove(channel) }

  func listenerFailed(_ listener: ChannelListener) {
    lock.lock()
    let endpoint = endpoints[Int(listener.number)]
    lock.unlock()
    if case .listener(let entry) = endpoint, entry.listener === listener { endListener(entry, .acceptFailed) }
  }

  // MARK: The message pool

  /// A channel had to stop reading because no message was left.
  func starve(_ channel: Channel) {
    starved.append(channel)
    guard !notified.contains(channel.mailbox.id) else { return }
    notified.append(channel.mailbox.id)
    let node = pool.takeAlways()
    node.pointee.channel = channel.number
    notify(node, .poolEmpty, to: channel.mailbox)
  }

  /// Those that got something and want more stand behind those that got nothing.
  func relieve() {
    let waiting = starved
    var fed: [Channel] = []
    starved = []
    for channel in waiting {
      let before = starved.count
      if channel.relieve(), starved.count > before { fed.append(starved.removeLast()) }
    }
    starved += fed
    if starved.isEmpty { notified = [] }
  }

  // MARK: The end

  /// Ends a channel or listener because of its application's bye, which comes back first. Nothing comes after a final notice.
  func close(_ endpoint: Endpoint, _ bye: CarriedNode) {
    guard !endpoint.isOver, let node = bye.take() else { return }
    notify(node, .channelClosed, to: endpoint.mailbox)
    end(endpoint, .closedHere)
  }

  func end(_ endpoint: Endpoint, _ reason: CloseReason) {
    switch endpoint {
    case .channel(let channel): channel.end(reason)
    case .listener(let entry): endListener(entry, reason)
    }
  }

  private func endListener(_ entry: ListenerEntry, _ reason: CloseReason, detail: String? = nil) {
    guard !entry.isClosed else { return }
    entry.isClosed = true
    entry.listener?.close()
    entry.listener = nil
    lock.lock()
    forget(entry.number)
    lock.unlock()
    notifyClosed(entry.number, id: entry.noticeID, reason, detail, to: entry.mailbox)
  }

  /// A channel's stream is over: gives back what was not sent, and the final notice.
  func closed(_ channel: Channel, _ reason: CloseReason, _ detail: String?) {
    ungreeted.remove(channel)
    lock.lock()
    forget(channel.number)
    let isKnown = channel.life.isKnown
    let id = channel.noticeID
    lock.unlock()
    var unsent = channel.takeUnsentMessages()
    while let node = unsent.pop() {
      if channel.isOwn(node) {
        pool.put(node)
        continue
      }
      node.pointee.channel = channel.number
      notify(node, reason.status, to: channel.mailbox)
    }
    if let supervisor = channel.supervisor { return supervisor.ended(channel, reason, detail) }
    if isKnown { notifyClosed(channel.number, id: id, reason, detail, to: channel.mailbox) }
  }

  func notifyClosed(
    _ number: UInt16, id: UInt64, _ reason: CloseReason, _ detail: String?, to mailbox: Mailbox,
    presence: Presence? = nil
  ) {
    var message = Message(pool.takeAlways())
    if let presence { message.replaceHeader(ReservedHeader.presence, presence.name.text) }
    message.replaceHeader(ReservedHeader.reason, reason.name.text)
    message.replaceHeader(ReservedHeader.detail, detail ?? reason.text.text)
    message.channel = number
    message.id = id
    notify(message.takeNode(), .channelClosed, to: mailbox)
  }

  /// Hands a message to a group as the engine's own.
  func notify(_ node: MessageNode.Pointer, _ status: Status, to mailbox: Mailbox) {
    node.pointee.origin = .engine
    node.pointee.status = status.rawValue
    var list = NodeList()
    list.append(node)
    deliver(list, to: mailbox)
  }
}

extension CloseReason {
  fileprivate init(listening error: SystemError) {
    switch error.kind {
    case .notFound, .invalid, .nameTooLong, .unsupported, .addressNotAvailable: self = .invalidAddress
    default: self = .listenFailed
    }
  }
}
