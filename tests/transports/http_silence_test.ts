import { http } from "../../transports/http.ts";
import { silenceSuite } from "./silence_suite.ts";

silenceSuite("http()", "http", (options) => http(options));
