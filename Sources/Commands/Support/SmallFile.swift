internal import Documents
internal import Platform

/// Files of one line that other programs read while we write them: they see the old line or the new one, never a part.
package enum SmallFile {
  /// Replaces the file at `path` by `line` and a newline.
  package static func write(_ line: String, to path: String) throws(CommandError) {
    let temporary = path + ".new"
    do throws(SystemError) {
      let file = try File(temporary, [.write, .create, .truncate])
      try file.write(Array((line + "\n").utf8))
    } catch {
      throw failed("failed to write a file", path, error)
    }
    do throws(SystemError) {
      try Paths.replace(temporary, as: path)
    } catch {
      try? Paths.remove(temporary)
      throw failed("failed to write a file", path, error)
    }
  }

  /// Whether something has the name.
  package static func exists(_ path: String) -> Bool { (try? File.info(path)) != nil }

  /// What is in a file of at most `limit` bytes, without white space at its end; nil if there is no file.
  package static func read(_ path: String, limit: Int) throws(CommandError) -> String? {
    do throws(SystemError) {
      let file = try File(path, .read)
      var bytes = [UInt8](repeating: 0, count: limit + 1)
      var count = 0
      while count <= limit {
        let got = try Self.read(file, into: &bytes, from: count)
        if got == 0 { break }
        count += got
      }
      while count > 0, bytes[count - 1] <= 0x20 { count -= 1 }
      return String(decoding: bytes[..<count], as: UTF8.self)
    } catch {
      if error.kind == .notFound { return nil }
      throw failed("failed to read a file", path, error)
    }
  }

  private static func read(
    _ file: borrowing File, into bytes: inout [UInt8], from start: Int
  ) throws(SystemError) -> Int {
    let result = bytes.withUnsafeMutableBytes { memory -> Result<Int, SystemError> in
      do throws(SystemError) {
        return .success(try file.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[start...])))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private static func failed(_ message: String, _ path: String, _ error: SystemError) -> CommandError {
    let kind: Failure.Kind =
      switch error.kind {
      case .permission: .permission
      case .notFound: .notFound
      default: .io
      }
    return .failed(
      Failure(
        kind, message, hint: "Check that its directory exists and may be written to.", path: path,
        causes: [error.message]))
  }
}
