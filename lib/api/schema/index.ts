// Every shape that crosses /api/v1. Pure: screens take types from here, routes validate with it, OpenAPI is made of it.
export * from "./checks";
export * from "./common";
export * from "./design";
export * from "./document";
export * from "./findings";
export * from "./live";
export * from "./merge";
export * from "./migration";
export * from "./observed";
export * from "./people";
export * from "./reviews";
export * from "./running";
export * from "./selection";
export * from "./simulate";
export * from "./trust";
export * from "./walkthrough";
