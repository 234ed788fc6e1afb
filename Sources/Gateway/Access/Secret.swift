package import Documents
internal import Platform
internal import Pools

/// What is kept of a secret: the SHA-256 of its bytes. A secret of 256 random bits cannot be found from it.
package struct SecretDigest: Sendable {
  /// 32 bytes.
  package let bytes: [UInt8]

  /// The digest of a secret.
  package init(of secret: some Collection<UInt8>) { bytes = SHA256.digest(Array(secret)) }

  /// A digest that was stored as 64 hexadecimal digits; nil for anything else.
  package init?(hexadecimal text: String) {
    guard let bytes = Hexadecimal.bytes(text), bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// Whether both are of the same secret. It takes as long when they differ early as when they differ late, so that the time of
  /// an answer tells nothing about the secret.
  package func matches(_ other: SecretDigest) -> Bool {
    var difference: UInt8 = 0
    for index in 0..<32 { difference |= bytes[index] ^ other.bytes[index] }
    return difference == 0
  }
}

/// The one token that may do everything.
package enum AccessToken {
  /// The most bytes that a token may have; more would not fit into the headers of many servers.
  package static let longest = 4096

  /// Refuses what no `Authorization` header can carry.
  ///
  /// - Throws: Usage.
  package static func check(_ token: String) throws(Failure) {
    if token.utf8.isEmpty {
      throw Failure(.usage, "token is empty", hint: "Give a long random text, or leave it out.")
    }
    guard token.utf8.count <= longest else {
      throw Failure(.usage, "token is too long", hint: "Use at most \(longest) bytes; 64 random ones are plenty.")
    }
    let isPlain = token.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    guard isPlain, token.utf8.first != 0x20, token.utf8.last != 0x20 else {
      throw Failure(
        .usage, "token has characters that no header can carry",
        hint: "Use letters and digits; `weir serve init` makes a token.")
    }
  }

  /// What a token file holds, without white space around it.
  ///
  /// - Throws: Usage, `token file is empty` and the like.
  package static func read(_ content: [UInt8], path: String) throws(Failure) -> String {
    var bytes = content[...]
    while let first = bytes.first, first <= 0x20 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last <= 0x20 { bytes = bytes.dropLast() }
    if bytes.isEmpty {
      throw Failure(
        .usage, "token file is empty", hint: "Write a token into it; `weir serve init` makes one.", path: path)
    }
    let token = String(decoding: bytes, as: UTF8.self)
    do throws(Failure) {
      try check(token)
    } catch {
      var error = error
      error.path = path
      throw error
    }
    return token
  }
}
