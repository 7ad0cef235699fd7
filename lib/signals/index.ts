// Golden signals from what proxies export. Pure: text and numbers in, numbers out; scraping, storing and clocks are elsewhere.
export * from "./directory";
export { SeriesCache } from "./exposition";
export * from "./flow";
export * from "./golden";
export * from "./histogram";
export * from "./marks";
export { type OwnWorkload, ownSeries } from "./own-series";
export * from "./saturation";
export { counterDelta, readScrape, type Scrape } from "./scrape";
export * from "./series";
export * from "./state";
export * from "./windows";
