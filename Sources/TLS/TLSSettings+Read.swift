internal import Platform
internal import Reactor

extension TLSSettings.Source {
  /// The text: a file's, or the bytes.
  func read() throws(SecureError) -> [UInt8] {
    switch self {
    case .bytes(let bytes): return bytes
    case .file(let path):
      do throws(SystemError) {
        if let text = try File(path, .read).readToEnd(limit: TLSLimits.fileBytes) { return text }
      } catch {
        throw SecureError(.configuration, "\(path) cannot be read: \(error.message)")
      }
      throw SecureError(.configuration, "\(path) is larger than certificates and keys are")
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
