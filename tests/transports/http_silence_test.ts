import { http } from "../../transports/http.ts";
import { silenceSuite } from "./silence.ts";

silenceSuite("http()", "http", (options) => http(options));
