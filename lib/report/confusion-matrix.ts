import { formatMetric } from './metrics.js';
import { html, type Markup, section } from './page.js';
import { legend } from './sections.js';
import { plotMarkup, seriesColour } from './svg-plot.js';
import { formatCount } from './text-table.js';
import type { ReportedConfusion } from './types.js';

/** Classes up to which each cell has its number. */
const NUMBERED = 40;

/** Classes up to which the table of classes has room beside the matrix. */
const BESIDE = 12;

const RIGHT = seriesColour(0);
const WRONG = seriesColour(1);

/** How often recordings of a class were taken for a class; never is left out. */
interface Cell {
  readonly truth: number;
  readonly taken: number;
  readonly count: number;
  /** Part of the recordings of the true class. */
  readonly share: number;
}

/** A class by what its recordings were taken for. */
interface JudgedClass {
  readonly label: string;
  readonly recordings: number;
  /** Null where there is no recording of the class. */
  readonly recall: number | null;
  /** Null where nothing was taken for the class. */
  readonly precision: number | null;
  /** The other class that it was taken for most often. */
  readonly mistake: { readonly label: string; readonly count: number } | undefined;
}

/** The confusion matrix as a picture, and recall and precision of every class. */
export async function confusionSection(confusion: ReportedConfusion): Promise<Markup> {
  const classes = confusion.labels.length;
  const keys = legend([
    { name: 'taken for what they are', colour: RIGHT },
    { name: 'taken for another class', colour: WRONG },
  ]);
  const matrix = html`<figure>${keys}<div class="scroll">${await confusionPlot(confusion)}</div></figure>`;
  const table = classTable(confusion);
  const note = html`<p class="note">Rows are true classes, columns what their recordings were taken for${classes <= NUMBERED && '; the numbers count recordings'}. The fuller a colour, the larger the part of the row, by its square root. Recall is the part of a class that was taken for it, precision the part of what was taken for a class that is of it.</p>`;
  return section(
    'Confusion of the classes',
    html`${classes <= BESIDE ? html`<div class="pair">${matrix}${table}</div>` : html`${matrix}<div style="margin-top:24px">${table}</div>`}${note}`,
  );
}

/** The matrix: truth from top to bottom. It keeps its size, where a page is too narrow it is to be scrolled. */
function confusionPlot(confusion: ReportedConfusion): Promise<Markup> {
  const { labels } = confusion;
  const cells = cellsOf(confusion);
  const digits = String(Math.max(0, ...cells.map(({ count }) => count))).length;
  const numbered = labels.length <= NUMBERED;
  const side = (room: number, least: number, most: number) => {
    const wanted = numbered ? Math.max(least, 7 * digits + 8) : 12;
    return labels.length * Math.max(wanted, Math.min(most, Math.floor(room / labels.length)));
  };
  return plotMarkup(
    (width) => {
      const cell = width / labels.length;
      const axis = (title: string, names: object) => ({
        title,
        ticks: false,
        domain: false,
        // Lines between the cells, not through them.
        grid: true,
        bandPosition: 0,
        labelLimit: 140,
        labelFontSize: Math.min(11, cell - 2),
        labelExpr: `${expression(labels)}[datum.value]`,
        ...names,
      });
      const scale = { domain: labels.map((_, index) => index), padding: 0 };
      const slanted = labels.some((label) => 6.5 * label.length > cell - 4);
      const encoding = {
        x: {
          field: 'taken',
          type: 'ordinal' as const,
          scale,
          axis: axis('Taken for', {
            orient: 'top',
            labelAngle: slanted ? (cell < 20 ? -90 : -45) : 0,
          }),
        },
        y: { field: 'truth', type: 'ordinal' as const, scale, axis: axis('Truth', {}) },
      };
      return {
        width,
        height: width,
        // The frame: the last lines of the grid.
        view: { stroke: 'var(--rule)' },
        data: { values: cells.map(drawn) },
        layer: [
          {
            mark: { type: 'rect' as const },
            encoding: {
              ...encoding,
              fill: { field: 'fill', type: 'nominal' as const, scale: null },
              fillOpacity: {
                field: 'opacity',
                type: 'quantitative' as const,
                scale: null,
                legend: null,
              },
            },
          },
          ...(numbered
            ? [
                {
                  mark: { type: 'text' as const, fontSize: Math.min(13, cell / 2) },
                  encoding: {
                    ...encoding,
                    text: { field: 'count' },
                    color: { field: 'ink', type: 'nominal' as const, scale: null },
                  },
                },
              ]
            : []),
        ],
      };
    },
    { wide: side(480, 24, 48), narrow: side(250, 20, 40), rigid: true },
    described(confusion, cells),
  );
}

function drawn({ truth, taken, count, share }: Cell) {
  // By the square root: of many recordings few mistakes are to be seen too.
  const opacity = Number(Math.sqrt(share).toFixed(3));
  const ink = opacity < 0.65 ? 'var(--ink)' : opacity < 0.82 ? 'var(--on-half)' : 'var(--card)';
  return { truth, taken, count, opacity, ink, fill: truth === taken ? RIGHT : WRONG };
}

/** Names as vega's expressions have them; two line ends of Unicode are none in JSON. */
const expression = (names: readonly string[]) =>
  JSON.stringify(names)
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function cellsOf({ counts }: ReportedConfusion): Cell[] {
  return counts.flatMap((row, truth) => {
    const recordings = sum(row);
    return row.flatMap((count, taken) =>
      count === 0 ? [] : [{ truth, taken, count, share: count / recordings }],
    );
  });
}

function described({ labels, counts }: ReportedConfusion, cells: readonly Cell[]): string {
  const right = sum(cells.map(({ truth, taken, count }) => (truth === taken ? count : 0)));
  const most = mostFrequent(cells);
  const mistake = most
    ? `; most often ${labels[most.truth]} was taken for ${labels[most.taken]}, ${formatCount(most.count)} times`
    : '';
  return `Confusion matrix of ${labels.length} classes: ${formatCount(right)} of ${formatCount(sum(counts.map(sum)))} recordings were taken for what they are${mistake}`;
}

/** The mistake that was made most often. */
function mostFrequent(cells: readonly Cell[]): Cell | undefined {
  let most: Cell | undefined;
  for (const cell of cells) {
    if (cell.truth !== cell.taken && cell.count > (most?.count ?? 0)) most = cell;
  }
  return most;
}

function judgedClasses(confusion: ReportedConfusion): JudgedClass[] {
  const { labels, counts } = confusion;
  const cells = cellsOf(confusion);
  return labels.map((label, index) => {
    const right = counts[index]?.[index] ?? 0;
    const recordings = sum(counts[index] ?? []);
    const taken = sum(counts.map((row) => row[index] ?? 0));
    const most = mostFrequent(cells.filter(({ truth }) => truth === index));
    return {
      label,
      recordings,
      recall: recordings === 0 ? null : right / recordings,
      precision: taken === 0 ? null : right / taken,
      mistake: most && { label: labels[most.taken] as string, count: most.count },
    };
  });
}

function classTable(confusion: ReportedConfusion): Markup {
  const part = (value: number | null) =>
    html`<td class="number">${formatMetric('accuracy', value)}</td>`;
  const rows = judgedClasses(confusion).map(
    ({ label, recordings, recall, precision, mistake }) =>
      html`<tr><th scope="row">${label}</th><td class="number">${formatCount(recordings)}</td>${part(recall)}${part(precision)}<td class="after-number">${mistake && `${mistake.label} (${formatCount(mistake.count)})`}</td></tr>
`,
  );
  return html`<div class="scroll"><table class="classes">
<thead><tr><th scope="col">Class</th><th scope="col" class="number">Recordings</th><th scope="col" class="number">Recall (%)</th><th scope="col" class="number">Precision (%)</th><th scope="col" class="after-number">Mostly mistaken for</th></tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}
