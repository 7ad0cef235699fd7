export { HeatMap } from "./heat-map";
export { type Change, changeOf, withGaps } from "./prepare";
export { Sparkline } from "./sparkline";
export { type ChartState, TimeChart } from "./time-chart";
