#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A blocking TCP socket on 127.0.0.1. Waiting for the other side ends with an error after 30 seconds.
final class Socket {
  struct Failed: Error {
    let call: String
    let code: Int32
  }

  private let descriptor: Int32

  private init(_ descriptor: Int32) throws {
    guard descriptor >= 0 else { throw Failed(call: "socket", code: errno) }
    self.descriptor = descriptor
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  deinit { close(descriptor) }

  private convenience init() throws {
    #if canImport(Glibc)
      try self.init(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    #else
      try self.init(socket(AF_INET, SOCK_STREAM, 0))
    #endif
  }

  static func connected(to port: UInt16) throws -> Socket {
    let socket = try Socket()
    try socket.withAddress(port) { address, size in
      #if canImport(Glibc)
        Glibc.connect(socket.descriptor, address, size)
      #else
        Darwin.connect(socket.descriptor, address, size)
      #endif
    }
    return socket
  }

  static func listening() throws -> Socket {
    let socket = try Socket()
    try socket.withAddress(0) { bind(socket.descriptor, $0, $1) }
    guard listen(socket.descriptor, 1) == 0 else { throw Failed(call: "listen", code: errno) }
    return socket
  }

  func accepted() throws -> Socket { try Socket(accept(descriptor, nil, nil)) }

  func port() throws -> UInt16 {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    guard result == 0 else { throw Failed(call: "getsockname", code: errno) }
    return UInt16(bigEndian: address.sin_port)
  }

  /// What has come; nothing at the end.
  func receive() throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count >= 0 else { throw Failed(call: "recv", code: errno) }
    return Array(buffer[..<count])
  }

  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw Failed(call: "write", code: errno) }
      rest = rest.dropFirst(count)
    }
  }

  private func withAddress(_ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 else { throw Failed(call: "connect or bind", code: errno) }
  }
}
