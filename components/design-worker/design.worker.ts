// The one web worker of the browser for everything heavy. Job: hands the brain to the page; analyzers, simulator and Envoy's
// schemas load in this chunk only. Rule: no logic here, so that everything is tested without a worker.
import { expose } from "comlink";
import { createBrain } from "./brain";
import { measured } from "./measured";

expose(measured(createBrain(() => new Date().toISOString().slice(0, 10))));
