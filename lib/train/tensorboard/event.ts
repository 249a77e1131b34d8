import { bytes, double, type Encoded, float, integer, message } from './protobuf.js';

// Messages of TensorFlow's event.proto, summary.proto, tensor.proto and tensor_shape.proto, as far as
// an event file of scalars, sounds and texts needs them. Field numbers are theirs.

/** Where and when an event happened. */
export interface EventTime {
  readonly step: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
}

const FILE_VERSION = 'brain.Event:2';
const SESSION_START = 1;
const STRING_TENSOR = 7;
const WAV_ENCODING = 11;

/** The first event of every file. */
export function fileVersionEvent(wallTime: number): Encoded {
  return message(double(1, wallTime), bytes(3, FILE_VERSION));
}

/** The training begins, or goes on: events of earlier files from this step on count no more. */
export function sessionStartEvent(time: EventTime): Encoded {
  return event(time, bytes(7, integer(1, SESSION_START)));
}

/** What an event shows, one value a tag. */
export function summaryEvent(time: EventTime, values: readonly Encoded[]): Encoded {
  return event(time, bytes(5, message(...values.map((value) => bytes(1, value)))));
}

function event({ step, wallTime }: EventTime, what: Encoded): Encoded {
  // The format leaves out what is 0.
  return message(double(1, wallTime), step > 0 ? integer(2, step) : undefined, what);
}

export function scalarValue(tag: string, value: number): Encoded {
  return message(bytes(1, tag), float(2, value));
}

/**
 * A sound as a WAV file. As a tensor, the way TensorFlow 2 writes it: of the older `Summary.Audio`
 * TensorBoard's fast loader forgets that it is WAV.
 */
export function audioValue(tag: string, wav: Uint8Array): Encoded {
  const label = '';
  const metadata = pluginMetadata('audio', integer(2, WAV_ENCODING));
  return message(bytes(1, tag), strings([1, 2], [wav, label]), metadata); // [sounds, (file, label)]
}

/** A text in Markdown. */
export function textValue(tag: string, text: string): Encoded {
  return message(bytes(1, tag), strings([1], [text]), pluginMetadata('text'));
}

/** A tensor of strings. */
function strings(shape: readonly number[], values: readonly (string | Uint8Array)[]): Encoded {
  const sizes = message(...shape.map((size) => bytes(2, integer(1, size))));
  const content = values.map((value) => bytes(8, value));
  return bytes(8, message(integer(1, STRING_TENSOR), bytes(2, sizes), ...content));
}

/** Which part of TensorBoard shows a value, and what it needs to know to do so. */
function pluginMetadata(plugin: string, content?: Encoded): Encoded {
  return bytes(9, bytes(1, message(bytes(1, plugin), content && bytes(2, content))));
}
