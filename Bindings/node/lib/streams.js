// What the two streams of a pool carry: messages as lines of JSON, and messages as binary frames.

import { disconnected, errorOfEnvelope, isObject, unexpected } from "./errors.js";
import { readJson } from "./json.js";
import { checkedMessage } from "./message.js";
import { joined, textOf } from "./transport.js";

const LINE_FEED = 0x0a;
const FRAME_HEADER_BYTES = 20;

/**
 * The messages of a stream of lines. A line with an error ends it.
 *
 * Lines are found among the bytes and decoded whole, so it does not matter where the pieces were cut.
 *
 * @param {AsyncIterable<Uint8Array>} pieces
 * @param {{ most: number, pool: string, exactData: boolean }} options `most` bounds the bytes of a line
 */
export async function* messagesOfLines(pieces, { most, pool, exactData }) {
  let kept = [];
  let length = 0;
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      kept.push(piece.subarray(0, end));
      length += end;
      for (const line of linesOf(joined(kept, length), pool)) {
        if (line.length > most) {
          throw tooLong("line", most, pool);
        }
        if (line !== "") {
          yield messageOfLine(line, pool, exactData);
        }
      }
      kept = [];
      length = 0;
    }
    if (end < piece.length) {
      kept.push(piece.subarray(end));
      length += piece.length - end;
    }
    if (length > most) {
      throw tooLong("line", most, pool);
    }
  }
  if (length === 0) {
    return;
  }
  // A last line without its end: either the server ends its stream so, or the connection broke where nobody noticed.
  let message;
  try {
    message = messageOfLine(linesOf(joined(kept, length), pool)[0], pool, exactData);
  } catch (error) {
    throw error.origin === "server" ? error : disconnected("the stream ended within a line", { path: pool, cause: error });
  }
  yield message;
}

function linesOf(bytes, pool) {
  try {
    return textOf(bytes).split("\n");
  } catch (error) {
    throw unexpected("the stream is not UTF-8", { path: pool, cause: error });
  }
}

function messageOfLine(line, pool, exactData) {
  let value;
  try {
    value = readJson(line, { exactData });
  } catch (error) {
    throw unexpected("a line of the stream is not JSON", { path: pool, cause: error });
  }
  if (isObject(value) && "error" in value && !("seq" in value)) {
    throw errorOfEnvelope(value) ?? unexpected("a line of the stream is no message", { path: pool });
  }
  return checkedMessage(value, pool);
}

/**
 * The frames of a stream: sequence number and time (nanoseconds since 1970) of 8 bytes each, length of 4 bytes, the most
 * significant byte first, and then the document.
 *
 * @param {AsyncIterable<Uint8Array>} pieces
 * @param {{ most: number, pool: string }} options `most` bounds the bytes of a document
 */
export async function* framesOf(pieces, { most, pool }) {
  let kept = [];
  let length = 0;
  let needed = FRAME_HEADER_BYTES;
  for await (const piece of pieces) {
    kept.push(piece);
    length += piece.length;
    while (length >= needed) {
      const whole = joined(kept, length);
      const header = new DataView(whole.buffer, whole.byteOffset, FRAME_HEADER_BYTES);
      const payloadLength = header.getUint32(16);
      if (payloadLength > most) {
        throw tooLong("document", most, pool);
      }
      needed = FRAME_HEADER_BYTES + payloadLength;
      if (length >= needed) {
        const seq = header.getBigUint64(0);
        const timestampNs = header.getBigUint64(8);
        yield {
          seq: seq <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seq) : seq,
          timestampNs,
          time: new Date(Number(timestampNs / 1_000_000n)),
          payload: whole.slice(FRAME_HEADER_BYTES, needed),
        };
        length -= needed;
        kept = [whole.subarray(needed)];
        needed = FRAME_HEADER_BYTES;
      } else {
        kept = [whole];
      }
    }
  }
  if (length > 0) {
    throw disconnected("the stream ended within a frame", { path: pool });
  }
}

function tooLong(what, most, pool) {
  return unexpected(`a ${what} of the stream is longer than ${most} bytes`, {
    path: pool,
    hint: "maxResponseBytes sets what is read at most",
  });
}
