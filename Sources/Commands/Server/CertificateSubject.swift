internal import Documents
internal import Gateway
internal import Platform

/// The names and addresses that a server's certificate is for.
struct CertificateSubject {
  /// DNS names.
  private(set) var names: [String] = ["localhost"]
  /// IPv4 and IPv6 addresses.
  private(set) var addresses: [String] = ["127.0.0.1", "::1"]
  private let machineName: String?

  /// Of this machine, and of the addresses that it listens at.
  init(_ binds: [BindAddress], machineName: String?) {
    let machine = machineName.flatMap { Authority(Array($0.utf8)) }
    self.machineName = machine.flatMap { $0.port == nil && !$0.isAddress ? $0.text : nil }
    if let name = self.machineName { add(name: name) }
    for bind in binds where !bind.isUnspecified && !bind.host.utf8.contains(UInt8(ascii: "%")) {
      add(address: bind.host)
    }
  }

  /// One more name or address.
  ///
  /// - Throws: Usage for what is neither.
  mutating func add(_ text: String) throws(Failure) {
    let isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
    if let address = try? SocketAddress.literal(text, port: 0), !text.utf8.contains(UInt8(ascii: "%")) {
      return add(address: address.text)
    }
    // `*.` stands for any first label.
    let plain = text.utf8.starts(with: "*.".utf8) ? Array(text.utf8.dropFirst(2)) : Array(text.utf8)
    guard !isIPv6, Authority(plain) != nil else {
      throw Failure(
        .usage, "invalid name '\(text)'", hint: "Give --name a DNS name such as db.example.org, or an IP address.")
    }
    add(name: text)
  }

  /// What people call the owner.
  var commonName: String { machineName.flatMap { $0.utf8.count <= 64 ? $0 : nil } ?? "weir" }

  /// By which other machines are most likely to find this one.
  var bestHost: String { machineName ?? "localhost" }

  private mutating func add(name: String) {
    if !names.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { names.append(name) }
  }

  private mutating func add(address: String) {
    if !addresses.contains(where: { $0.utf8.elementsEqual(address.utf8) }) { addresses.append(address) }
  }
}
