// lib/options.generated.ts and lib/option-tables.generated.ts, from what the addon says of the
// options' fields.

/** Options that a model as a whole has, and its parts have not. */
const COMMON = ['seed', 'dtype', 'device'];

const TYPES = {
  whole: () => 'number',
  real: () => 'number',
  flag: () => 'boolean',
  wholes: () => 'readonly number[]',
  reals: ({ shortest, longest }) =>
    shortest === longest
      ? `readonly [${Array(longest).fill('number').join(', ')}]`
      : 'readonly number[]',
  range: () => 'readonly [number, number]',
  choice: ({ names }) => names.map((name) => `'${name}'`).join(' | '),
  dtype: () => "'float32' | 'float64'",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a type of TypeScript
  device: () => "'cpu' | 'cuda' | `cuda:${number}`",
  kind: ({ name }) => optionsName(name),
  group: ({ name }) => optionsName(name),
  list: ({ fields }) => `readonly { ${members(fields)} }[]`,
};

const capitalized = (name) => `${name[0].toUpperCase()}${name.slice(1)}`;

/** What the options of a field are called: TargetOptions for target. */
const optionsName = (name) => `${capitalized(name)}Options`;

const show = (value) =>
  JSON.stringify(value).replaceAll('"', "'").replaceAll(',', ', ').replaceAll(':', ': ');

/** Types whose declaration says what is expected. */
const PLAIN = ['flag', 'choice', 'dtype', 'device', 'kind', 'group', 'list'];

function limitsOf({ type, expected, most }) {
  if (PLAIN.includes(type)) return '';
  const text = most === Number.MAX_SAFE_INTEGER ? expected.replace(/ to \d+$/, '') : expected;
  // 16777216 as 16,777,216
  const readable = text.replace(/\d{5,}/g, (digits) => Number(digits).toLocaleString('en-US'));
  return ` ${readable.charAt(0).toUpperCase()}${readable.slice(1)}.`;
}

/** A default; of options that name their kind, the kind and what is not that kind's own default. */
function defaultOf({ type, usual, default: value }, tables) {
  if (type !== 'kind') return value === undefined ? undefined : show(value);
  if (usual !== undefined) return show(usual);
  const own = tables.find((table) => table.kind === value.kind).fields;
  const changed = Object.entries(value).filter(([name, option]) => {
    const row = own.find((each) => each.name === name);
    return row !== undefined && JSON.stringify(option) !== JSON.stringify(row.default);
  });
  const values = changed.map(([name, option]) => `, ${name}: ${show(option)}`);
  return `{ kind: '${value.kind}'${values.join('')} }`;
}

/** A doc comment of lines up to 100 columns. */
function comment(text, indent = 2) {
  const width = 100 - indent;
  if (text.length + 7 <= width) return `/** ${text} */`;
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line.length + word.length + 4 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return `/**\n${lines.map((line) => ` * ${line}`).join('\n')}\n */`;
}

function documentation(row) {
  const source = row.source === undefined ? '' : ` (${row.source})`;
  const value = row.shown === undefined || row.required ? '' : ` Default ${row.shown}${source}.`;
  return comment(`${row.meaning}${limitsOf(row)}${value}`);
}

const members = (fields) =>
  fields
    .map(
      (row) =>
        `${documentation(row)}\n${row.name}${row.required ? '' : '?'}: ${TYPES[row.type](row)};`,
    )
    .join('\n');

/** Fields with their defaults as a comment shows them: not where those of several kinds differ. */
function withDefaults(fields, others, tables) {
  return fields.map((row, i) => {
    const shown = defaultOf(row, tables);
    const same = others.every((rows) => defaultOf(rows[i], tables) === shown);
    const inner = row.type === 'kind' ? [] : (row.fields ?? []);
    return {
      ...row,
      fields: withDefaults(inner, [], tables),
      shown: same && row.type !== 'list' ? shown : undefined,
    };
  });
}

/** One interface for all tables of that name, and one for what all models have. */
function interfaces(tables) {
  const isCommon = ({ name }) => COMMON.includes(name);
  const common = withDefaults(tables[0].fields.filter(isCommon), [], tables);
  const base = `/** Options of every model. */\nexport interface ModelOptions {\n${members(common)}\n}\n`;
  const names = [...new Set(tables.map(({ options }) => options))];
  const others = names.map((name) => {
    const all = tables.filter(({ options }) => options === name);
    const [first, ...rest] = all.map(({ fields }) => fields);
    const own = withDefaults(first, rest, tables).filter((row) => !isCommon(row));
    const kinds = all.flatMap(({ kind }) => (kind === undefined ? [] : [`'${kind}'`]));
    const doc = kinds.length === 0 ? '' : `${comment(`Options of ${kinds.join(', ')}.`, 0)}\n`;
    const parent = first.some(isCommon) ? ' extends ModelOptions' : '';
    return `${doc}export interface ${name}${parent} {\n${members(own)}\n}\n`;
  });
  return [base, ...others];
}

/** An interface for each group of options, and one for each of its kinds that have their own. */
function groups(tables) {
  const rows = tables.flatMap(({ fields }) => withDefaults(fields, [], tables));
  return rows
    .filter(({ type }) => type === 'group')
    .map(({ name, meaning, fields }) => {
      const whole = `${comment(meaning, 0)}\nexport interface ${optionsName(name)} {\n${members(fields)}\n}\n`;
      return fields.some(({ kinds }) => kinds) ? `${whole}\n${kindsOfGroup(name, fields)}` : whole;
    });
}

/** CosineSchedule and the like, and Schedule: what is of no kind is not the user's to give. */
function kindsOfGroup(name, fields) {
  const { meaning, names } = fields.find((row) => row.name === 'kind');
  const kindName = (kind) => `${capitalized(kind)}${capitalized(name)}`;
  const interfaces = names.map((kind) => {
    const own = fields.filter(({ kinds }) => kinds?.includes(kind));
    const doc = comment(`${meaning.replace(/\.$/, '')}: '${kind}'.`, 0);
    return `${doc}\nexport interface ${kindName(kind)} {\nkind: '${kind}';\n${members(own)}\n}\n`;
  });
  const union = `${comment(meaning, 0)}\nexport type ${capitalized(name)} = ${names.map(kindName).join(' | ')};\n`;
  return [...interfaces, union].join('\n');
}

/** The types of fields whose options depend on a kind. */
function unions(tables) {
  const rows = tables.flatMap(({ fields }) => fields).filter(({ type }) => type === 'kind');
  return [...new Map(rows.map((row) => [row.name, row])).values()].map((row) => {
    const parts = row.names.map((kind) => {
      const { options, fields } = tables.find((table) => table.kind === kind);
      const isOfModel = fields.some(({ name }) => COMMON.includes(name));
      const own = isOfModel ? `Omit<${options}, keyof ModelOptions>` : options;
      return `({ kind${row.usual === kind ? '?' : ''}: '${kind}' } & ${own})`;
    });
    return `${comment(`${row.meaning.replace(/\.$/, '')}: its kind and the options of that kind.`, 0)}\nexport type ${optionsName(row.name)} = ${parts.join(' | ')};\n`;
  });
}

/** The tables by family and kind, and by name where they belong to no kind. */
function grouped(tables) {
  const families = {};
  for (const { family = 'structure', kind, options, fields } of tables) {
    families[family] ??= {};
    families[family][kind ?? options] = fields;
  }
  return families;
}

/** A field a line, so that a change of one is a line in a diff; those of a group under it. */
function listed(fields, indent) {
  const lines = fields.map(({ fields: inner, ...row }) => {
    const text = JSON.stringify(row);
    if (inner === undefined) return `${indent}  ${text},\n`;
    return `${indent}  ${text.slice(0, -1)},"fields":${listed(inner, `${indent}  `)}},\n`;
  });
  return `[\n${lines.join('')}${indent}]`;
}

function data(families) {
  const kinds = (rows) =>
    Object.entries(rows).map(([kind, fields]) => `    '${kind}': ${listed(fields, '    ')},\n`);
  const texts = Object.entries(families).map(
    ([family, rows]) => `  ${family}: {\n${kinds(rows).join('')}  },\n`,
  );
  return `{\n${texts.join('')}}`;
}

const HEADER =
  '// Generated by scripts/generate-declarations.mjs from the fields of the options in C++. Do not edit.\n';

/** The options as types. */
export function declareOptions(tables) {
  return `${HEADER}
${interfaces(tables).join('\n')}
${groups(tables).join('\n')}
${unions(tables).join('\n')}
`;
}

/** The options as data. */
export function declareOptionTables(tables) {
  return `${HEADER}
/** What the addon says of every option, by family and kind. */
// biome-ignore format: a field a line
export const optionTables = ${data(grouped(tables))} as const;
`;
}
