import { http } from "../../transports/http.ts";
import { clusterSuite } from "./cluster_suite.ts";

clusterSuite("http()", "http", (options) => http(options));
