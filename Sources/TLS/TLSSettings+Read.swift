internal import Platform
internal import Reactor

extension TLSSettings.Source {
  /// The text: a file's, or the bytes.
  func read() throws(SecureError) -> [UInt8] {
    switch self {
    case .bytes(let bytes): return bytes
    case .file(let path):
      do throws(SystemError) {
        if let text = try Self.read(path) { return text }
      } catch {
        throw SecureError(.configuration, "\(path) cannot be read: \(error.message)")
      }
      throw SecureError(.configuration, "\(path) is larger than certificates and keys are")
    }
  }

  /// All of a file, whatever kind of file it is; nil if it is too large.
  private static func read(_ path: String) throws(SystemError) -> [UInt8]? {
    let file = try File(path, .read)
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      var outcome = Result<Int, SystemError>.success(0)
      part.withUnsafeMutableBytes { buffer in
        do throws(SystemError) { outcome = .success(try file.read(into: buffer)) } catch { outcome = .failure(error) }
      }
      let count = try outcome.get()
      if count == 0 { return text }
      if text.count + count > TLSLimits.fileBytes { return nil }
      text.append(contentsOf: part[..<count])
    }
  }

  /// What to call it in an error.
  var name: String {
    switch self {
    case .file(let path): path
    case .bytes: "the text"
    }
  }
}
