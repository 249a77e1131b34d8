import { allowedGlobal } from './allowed-globals.js';
import { NumpyDType } from './numpy-scalar.js';
import { type PickleBytes, readLiteral } from './pickle-bytes.js';
import {
  AllowedGlobal,
  Budget,
  type Caller,
  Dictionary,
  nameText,
  type PickleValue,
  Tuple,
} from './pickle-values.js';
import { BlankTensor } from './tensor-record.js';

/** The stack of a pickle machine. Values below the last mark are out of reach until it is taken. */
class PickleStack {
  private readonly values: PickleValue[] = [];
  /** The height of the stack at each mark. */
  private readonly marks: number[] = [];

  constructor(private readonly fault: (problem: string) => Error) {}

  push(value: PickleValue): void {
    this.values.push(value);
  }

  mark(): void {
    this.marks.push(this.values.length);
  }

  top(): PickleValue {
    if (this.values.length <= (this.marks.at(-1) ?? 0)) throw this.missing();
    return this.values[this.values.length - 1] as PickleValue;
  }

  pop(): PickleValue {
    const value = this.top();
    this.values.pop();
    return value;
  }

  /** Takes the last value, or the mark if that is on top. */
  drop(): void {
    if (this.marks.at(-1) === this.values.length) this.marks.pop();
    else this.pop();
  }

  /** The last values, in the order they came. */
  popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Everything above the last mark, and the mark. */
  popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.missing();
    return this.values.splice(mark);
  }

  private missing(): Error {
    return this.fault('its pickle takes from an empty stack');
  }
}

/** Opcodes that create objects of any class, or need what a file does not hold. */
const names: Readonly<Record<number, string>> = {
  146: 'NEWOBJ_EX',
  111: 'OBJ',
  105: 'INST',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  80: 'PERSID',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};

/** The fault for an opcode that no file of tensors needs. INST alone names what it would create. */
function refusal(opcode: number, bytes: PickleBytes, { fault }: Caller): Error {
  const name = names[opcode];
  if (name === undefined)
    return fault(`its pickle has the unknown opcode 0x${opcode.toString(16)}`);
  const made = name === 'INST' ? `${nameText(bytes.line())}.${nameText(bytes.line())}` : undefined;
  const purpose = made === undefined ? '' : ` to make ${made}`;
  return fault(`its pickle uses the opcode ${name}${purpose}, which is refused`);
}

// The machine that runs pickles, without the opcodes that call anything they like.
// allowed-globals.ts lists what it can name, pickle-values.ts what it can make; anything else stops
// it before anything comes of it. Opcodes: CPython's Lib/pickletools.py.

/** Opcodes of one file: enough for 50 000 tensors. Whatever takes more memory costs more. */
const UNITS = 8_000_000;
const CONTAINER = 8;
const MEMO = 4;

interface PickleRules {
  readonly fault: Caller['fault'];
  /** Resolves a reference to an object outside the pickle. */
  readonly persistent?: (id: PickleValue) => PickleValue;
}

/**
 * Runs a pickle and returns its value. Calls nothing but what allowed-globals.ts lists.
 *
 * @throws CutOff where the bytes end before the pickle does; the fault of the rules
 */
export function runPickle(bytes: PickleBytes, rules: PickleRules): PickleValue {
  return new PickleMachine(bytes, rules).run();
}

class PickleMachine implements Caller {
  private readonly stack: PickleStack;
  private readonly memo = new Map<number, PickleValue>();
  private readonly budget: Budget;

  constructor(
    private readonly bytes: PickleBytes,
    private readonly rules: PickleRules,
  ) {
    this.stack = new PickleStack(rules.fault);
    this.budget = new Budget(UNITS, () =>
      rules.fault('its pickle asks for more than a file of tensors needs'),
    );
  }

  readonly fault = (problem: string): Error => this.rules.fault(problem);

  spend(units: number): void {
    this.budget.spend(units);
  }

  run(): PickleValue {
    for (;;) {
      this.spend(1);
      const opcode = this.bytes.uint8();
      if (opcode === 0x2e) return this.stack.pop(); // STOP
      const literal = readLiteral(opcode, this.bytes, this);
      if (literal !== undefined) this.stack.push(literal);
      else this.step(opcode);
    }
  }

  private step(opcode: number): void {
    const step = PickleMachine.steps.get(opcode);
    if (step === undefined) throw refusal(opcode, this.bytes, this);
    step(this);
  }

  /** What the other opcodes do. */
  private static readonly steps = new Map<number, (it: PickleMachine) => void>([
    [0x80, (it) => it.checkProtocol(it.bytes.uint8())], // PROTO
    [0x95, (it) => it.bytes.uint64()], // FRAME: only a hint for readers of streams
    [0x28, (it) => it.stack.mark()], // MARK
    [0x30, (it) => it.stack.drop()], // POP
    [0x31, (it) => it.stack.popToMark()], // POP_MARK
    [0x32, (it) => it.stack.push(it.stack.top())], // DUP
    [0x5d, (it) => it.make([])], // EMPTY_LIST
    [0x8f, (it) => it.make([])], // EMPTY_SET: a list here
    [0x6c, (it) => it.make(it.stack.popToMark())], // LIST
    [0x61, (it) => it.append([it.stack.pop()])], // APPEND
    [0x65, (it) => it.append(it.stack.popToMark())], // APPENDS
    [0x90, (it) => it.append(it.stack.popToMark())], // ADDITEMS
    [0x91, (it) => it.make(it.stack.popToMark())], // FROZENSET
    [0x29, (it) => it.make(new Tuple([]))], // EMPTY_TUPLE
    [0x74, (it) => it.make(new Tuple(it.stack.popToMark()))], // TUPLE
    [0x85, (it) => it.make(new Tuple(it.stack.popMany(1)))], // TUPLE1
    [0x86, (it) => it.make(new Tuple(it.stack.popMany(2)))], // TUPLE2
    [0x87, (it) => it.make(new Tuple(it.stack.popMany(3)))], // TUPLE3
    [0x7d, (it) => it.make(new Dictionary(false))], // EMPTY_DICT
    [0x64, (it) => it.dictionary(it.stack.popToMark())], // DICT
    [0x73, (it) => it.setItems(it.stack.popMany(2))], // SETITEM
    [0x75, (it) => it.setItems(it.stack.popToMark())], // SETITEMS
    [0x71, (it) => it.memoize(it.bytes.uint8())], // BINPUT
    [0x72, (it) => it.memoize(it.bytes.uint32())], // LONG_BINPUT
    [0x94, (it) => it.memoize(it.memo.size)], // MEMOIZE
    [0x68, (it) => it.recall(it.bytes.uint8())], // BINGET
    [0x6a, (it) => it.recall(it.bytes.uint32())], // LONG_BINGET
    [0x63, (it) => it.stack.push(allowedGlobal(it.bytes.line(), it.bytes.line(), it))], // GLOBAL
    [0x93, (it) => it.stackGlobal()], // STACK_GLOBAL
    [0x52, (it) => it.call(['function', 'class'])], // REDUCE
    [0x81, (it) => it.call(['class'])], // NEWOBJ
    [0x62, (it) => it.build()], // BUILD
    [0x51, (it) => it.persistent()], // BINPERSID
  ]);

  private make(container: PickleValue): void {
    this.spend(CONTAINER);
    this.stack.push(container);
  }

  private append(values: readonly PickleValue[]): void {
    const list = this.stack.top();
    if (!Array.isArray(list))
      throw this.fault('its pickle appends to something that is not a list');
    for (const value of values) list.push(value);
  }

  private setItems(items: readonly PickleValue[]): void {
    const dictionary = this.stack.top();
    if (!(dictionary instanceof Dictionary) || items.length % 2 !== 0) {
      throw this.fault('its pickle sets items of something that is not a dict');
    }
    for (let i = 0; i < items.length; i += 2) {
      dictionary.entries.set(items[i] as PickleValue, items[i + 1] as PickleValue);
    }
  }

  private dictionary(items: readonly PickleValue[]): void {
    this.make(new Dictionary(false));
    this.setItems(items);
  }

  private memoize(index: number): void {
    this.spend(MEMO);
    this.memo.set(index, this.stack.top());
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.fault('its pickle recalls a value that it never memoized');
    this.stack.push(value);
  }

  private stackGlobal(): void {
    const [module, name] = this.stack.popMany(2);
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.fault('its pickle uses a name that is not text');
    }
    this.stack.push(allowedGlobal(module, name, this));
  }

  private call(kinds: readonly ('function' | 'class')[]): void {
    const [callee, args] = this.stack.popMany(2);
    const role = callee instanceof AllowedGlobal ? callee.role : undefined;
    const what = callee instanceof AllowedGlobal ? callee.name : 'something that is not a function';
    if (!role || !('call' in role) || !kinds.includes(role.kind)) {
      throw this.fault(`its pickle calls ${what}, which is refused`);
    }
    if (!(args instanceof Tuple))
      throw this.fault(`its pickle calls ${what} without a tuple of arguments`);
    this.make(role.call(args.items, this));
  }

  /** The state of an OrderedDict (attributes such as _metadata) is ignored. */
  private build(): void {
    const state = this.stack.pop();
    const target = this.stack.top();
    if (target instanceof NumpyDType || target instanceof BlankTensor) {
      target.setState(state, this);
      return;
    }
    if (target instanceof Dictionary && target.ordered && state instanceof Dictionary) return;
    const what = target instanceof AllowedGlobal ? target.name : 'something that has none';
    throw this.fault(`its pickle sets the state of ${what} (opcode BUILD), which is refused`);
  }

  private persistent(): void {
    const { persistent } = this.rules;
    if (!persistent) throw this.fault('its pickle refers to an external object, but has none');
    const id = this.stack.pop();
    this.make(persistent(id));
  }

  private checkProtocol(protocol: number): void {
    if (protocol > 5) throw this.fault(`its pickle has protocol ${protocol}; supported are 0 to 5`);
  }
}
