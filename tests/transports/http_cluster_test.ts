import { http } from "../../transports/http.ts";
import { clusterSuite } from "./cluster.ts";

clusterSuite("http()", "http", (options) => http(options));
