/** A processor profile of V8 as a flame graph: one page that needs nothing from outside. */

export type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

export type Frame = { readonly name: string; selfMs: number; totalMs: number; readonly children: Map<string, Frame> };

const waiting = new Set(['(idle)', '(program)']);

/** Calls of the same function by the same callers are one frame; waiting is left out. */
export const framesOf = ({ nodes, samples, timeDeltas }: CpuProfile): Frame => {
  const selfMs = new Map<number, number>();
  for (const [index, id] of samples.entries()) selfMs.set(id, (selfMs.get(id) ?? 0) + (timeDeltas[index] ?? 0) / 1_000);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const fill = (frame: Frame, id: number) => {
    const node = byId.get(id);
    if (!node || waiting.has(node.callFrame.functionName)) return;
    const name = nameOf(node.callFrame);
    const child = frame.children.get(name) ?? { name, selfMs: 0, totalMs: 0, children: new Map<string, Frame>() };
    frame.children.set(name, child);
    child.selfMs += selfMs.get(id) ?? 0;
    for (const below of node.children ?? []) fill(child, below);
  };
  const root: Frame = { name: 'all', selfMs: 0, totalMs: 0, children: new Map() };
  for (const id of nodes[0]?.children ?? []) fill(root, id);
  sumUp(root);
  return root;
};

const sumUp = (frame: Frame): number => {
  frame.totalMs = frame.selfMs;
  for (const child of frame.children.values()) frame.totalMs += sumUp(child);
  return frame.totalMs;
};

const nameOf = ({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string => {
  const file = url
    .replace(/^file:\/\//, '')
    .replace(/^.*\/node_modules\//, '')
    .replace(/^.*\/(packages|services|contracts)\//, '$1/');
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`;
};

const width = 1_400;
const lineHeight = 17;
const smallestPx = 0.6;

/** Root at the top. Hovering over a frame says what it is, how long it took with all it called, and by itself. */
export const flameGraph = (title: string, root: Frame): string => {
  const boxes: string[] = [];
  let deepest = 0;
  const draw = (frame: Frame, x: number, depth: number) => {
    const boxWidth = (frame.totalMs / root.totalMs) * width;
    if (boxWidth < smallestPx) return;
    deepest = Math.max(deepest, depth);
    boxes.push(boxOf(frame, root, { x, y: depth * lineHeight, boxWidth }));
    let at = x;
    for (const child of [...frame.children.values()].toSorted((left, right) => right.totalMs - left.totalMs)) {
      draw(child, at, depth + 1);
      at += (child.totalMs / root.totalMs) * width;
    }
  };
  draw(root, 0, 0);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${(deepest + 1) * lineHeight}" font-family="monospace" font-size="11">${boxes.join('')}</svg>`;
  return `<!doctype html><meta charset="utf-8"><title>${escaped(title)}</title><h1 style="font:16px sans-serif">${escaped(title)}</h1>${svg}\n`;
};

const boxOf = (
  frame: Frame,
  root: Frame,
  { x, y, boxWidth }: { readonly x: number; readonly y: number; readonly boxWidth: number },
): string => {
  const share = ((100 * frame.totalMs) / root.totalMs).toFixed(1);
  const hint = `${frame.name}: ${frame.totalMs.toFixed(0)} ms (${share} %), by itself ${frame.selfMs.toFixed(0)} ms`;
  const characters = Math.floor(boxWidth / 6.7);
  const label = characters > 3 ? `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(frame.name.slice(0, characters))}</text>` : '';
  const box = `<rect x="${x.toFixed(1)}" y="${y}" width="${boxWidth.toFixed(1)}" height="${lineHeight - 1}" fill="${colourOf(frame.name)}"/>`;
  return `<g>${box}${label}<title>${escaped(hint)}</title></g>`;
};

/** Ours, others' and the runtime's own in colours of their own. */
const colourOf = (name: string): string => {
  if (/ (packages|services|contracts)\//.test(name)) return '#f2a65a';
  return name.includes(' node:') || !name.includes(' ') ? '#c9d6df' : '#9bc1bc';
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The functions that took longest by themselves, one line each. */
export const longest = (root: Frame, count: number): readonly string[] => {
  const byName = new Map<string, number>();
  const visit = (frame: Frame) => {
    byName.set(frame.name, (byName.get(frame.name) ?? 0) + frame.selfMs);
    for (const child of frame.children.values()) visit(child);
  };
  visit(root);
  return [...byName]
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, count)
    .map(([name, ms]) => `${((100 * ms) / root.totalMs).toFixed(1).padStart(5)} %  ${name}`);
};
