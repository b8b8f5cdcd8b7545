import type uPlot from "uplot";
import type { AlignedData, Options } from "uplot";
import { useEffect, useRef } from "preact/hooks";
import { themeChanged } from "../theme.ts";

/** Colours of the theme that is shown, for drawing on a canvas. */
export interface PlotColours {
  readonly text: string;
  readonly grid: string;
  readonly series: readonly string[];
}

export type PlotOptions = Omit<Options, "width" | "height">;

const AXIS_FONT = '12px "Inter Variable", system-ui, sans-serif';

/**
 * A plot that follows its column's width and the theme. `options` is asked for when the plot is made, and again when
 * `shape` changes; new data alone only moves the curves.
 *
 * @param summary what the plot shows, in words, for those who do not see it
 */
export function Plot({
  data,
  options,
  shape,
  summary,
  height = 260,
}: {
  readonly data: AlignedData;
  options(colours: PlotColours, library: typeof uPlot): PlotOptions;
  readonly shape: string;
  readonly summary: string;
  readonly height?: number;
}) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const target = element.current;
    if (!target) return undefined;
    const over = new AbortController();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: target.clientWidth, height }));
    void import("uplot").then(({ default: Library }) => {
      const draw = () => {
        plot.current?.destroy();
        const colours = readColours(target);
        const made = options(colours, Library);
        const axes = made.axes?.map((axis) => ({ ...axisStyle(colours), ...axis }));
        plot.current = new Library(
          {
            ...made,
            hooks: { ...made.hooks, ready: [showLast] },
            ...(axes ? { axes } : {}),
            width: target.clientWidth,
            height,
          },
          latest.current,
          target,
        );
      };
      if (over.signal.aborted) return;
      draw();
      resized.observe(target);
      themeChanged.addEventListener("change", draw, { signal: over.signal });
    });
    return () => {
      over.abort();
      resized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape, height]);
  useEffect(() => {
    plot.current?.setData(data);
    showLast(plot.current);
  }, [data]);

  return (
    <figure class="plot" role="img" aria-label={summary}>
      <div ref={element} aria-hidden="true" style={{ minHeight: `${height}px` }} />
    </figure>
  );
}

/** While nothing is pointed at, the legend says how things stand now. */
function showLast(plot: uPlot | undefined): void {
  const last = (plot?.data[0].length ?? 0) - 1;
  if (plot?.legend.show !== false && last >= 0) plot?.setLegend({ idx: last });
}

function axisStyle({ text, grid }: PlotColours) {
  const line = { stroke: grid, width: 1 };
  return {
    stroke: text,
    font: AXIS_FONT,
    labelFont: AXIS_FONT,
    labelGap: 4,
    grid: line,
    ticks: { ...line, size: 4 },
  };
}

function readColours(element: Element): PlotColours {
  const colour = (name: string) => {
    // Custom properties come as they were written; only a real property resolves light-dark().
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const series = [0, 1, 2, 3, 4].map((i) => colour(`--series-${i}`));
  return { text: colour("--muted"), grid: colour("--line"), series };
}
