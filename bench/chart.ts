export interface Bar {
  label: string;
  /** As a multiple of the peer's value. */
  ratio: number;
  /** The highest acceptable ratio. */
  goal: number;
}

const WIDTH = 760;
const LABEL_WIDTH = 190;
const ROW_HEIGHT = 26;
const TOP = 40;
const SCALE_WIDTH = WIDTH - LABEL_WIDTH - 70;

/** Draws bars with a line at each goal. The SVG needs no other file and is readable in light and dark mode. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.flatMap(({ ratio, goal }) => [ratio, goal])) * 1.05;
  const x = (ratio: number) => LABEL_WIDTH + (ratio / most) * SCALE_WIDTH;
  const height = TOP + bars.length * ROW_HEIGHT + 16;
  const rows = bars.map(({ label, ratio, goal }, index) => {
    const y = TOP + index * ROW_HEIGHT;
    const isMet = ratio <= goal;
    return `  <text x="${LABEL_WIDTH - 10}" y="${y + 15}" text-anchor="end">${escapeXml(label)}</text>
  <rect class="${isMet ? "met" : "missed"}" x="${LABEL_WIDTH}" y="${y + 3}" width="${(x(ratio) - LABEL_WIDTH).toFixed(1)}" height="16" rx="2"/>
  <line class="goal" x1="${x(goal).toFixed(1)}" x2="${x(goal).toFixed(1)}" y1="${y}" y2="${y + 22}"/>
  <text x="${(Math.max(x(ratio), x(goal)) + 8).toFixed(1)}" y="${y + 15}">${ratio.toFixed(2)}${isMet ? "" : " (missed)"}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + 40} ${height}" role="img" aria-label="${escapeXml(title)}">
  <style>
    text { font: 13px system-ui, sans-serif; fill: #1f2328; }
    .title { font-weight: 600; font-size: 14px; }
    .met { fill: #1a7f64; } .missed { fill: #bc6c25; }
    .goal { stroke: #1f2328; stroke-width: 2; stroke-dasharray: 3 2; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .met { fill: #3fb68b; } .missed { fill: #e0985a; } .goal { stroke: #e6edf3; }
    }
  </style>
  <text class="title" x="0" y="20">${escapeXml(title)}</text>
${rows.join("\n")}
</svg>
`;
}

const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
