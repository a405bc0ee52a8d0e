//! Dimensioners with an HTTP interface, on a bare TCP link: PHD Envision, vMeasure, Cargo Spectre.

use crate::emulate::model::DeviceModel;
use serde_json::json;
use std::collections::VecDeque;

/// Longest request.
const REQUEST_BYTES_MAX: usize = 8192;
const ANSWERS_MAX: usize = 16;

/// Whose answers it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    Envision,
    VMeasure,
    CargoSpectre,
}

/// What happens to the next answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// `500` and a text.
    Internal,
    /// `200` with something that is no JSON.
    NoJson,
    /// The device says it could not measure.
    Refused,
    /// Nothing lies there.
    Nothing,
    /// The same measurement as before.
    Again,
    /// No answer.
    Silent,
}

/// The machine.
#[derive(Debug)]
pub struct HttpDimensioner {
    pub maker: Maker,
    /// Length, width and height in millimetres.
    pub parcel_mm: [u32; 3],
    pub trouble: Option<Trouble>,
    measured: u32,
    input: Vec<u8>,
    out: VecDeque<Vec<u8>>,
}

impl HttpDimensioner {
    /// An empty machine.
    pub fn new(maker: Maker) -> Self {
        Self {
            maker,
            parcel_mm: [0; 3],
            trouble: None,
            measured: 0,
            input: Vec::new(),
            out: VecDeque::new(),
        }
    }

    /// The machine of a profile.
    pub fn of_profile(id: &str) -> Option<Self> {
        let maker = match id {
            "phd-envision" => Maker::Envision,
            "vmeasure" => Maker::VMeasure,
            "cargo-spectre" => Maker::CargoSpectre,
            _ => return None,
        };
        Some(Self::new(maker))
    }

    fn answer(&mut self, status: &str, body: &str) {
        if self.out.len() < ANSWERS_MAX {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n"
            );
            self.out.push_back(format!("{head}{body}").into_bytes());
        }
    }

    fn body(&self) -> String {
        let [l, w, h] = self.parcel_mm;
        let id = self.measured.to_string();
        let refused = self.trouble == Some(Trouble::Refused);
        let nothing = self.trouble == Some(Trouble::Nothing);
        let found = !refused && !nothing;
        let body = match self.maker {
            Maker::Envision => {
                let object = json!({"errorCode": 0, "length": l, "width": w, "height": h});
                json!({
                    "errorCode": u8::from(refused), "objectCount": u8::from(found),
                    "unitOfMeasure": "mm", "dimensionsLegalForTrade": true, "imageId": id,
                    "measuredObjects": if found { vec![object] } else { vec![] },
                })
            }
            Maker::VMeasure => json!({
                "id": id, "scannedOn": "today", "status": found, "dimensionUnit": "mm",
                "length": l.to_string(), "width": w.to_string(), "height": h.to_string(),
                "weightUnit": "kg", "actualWeight": "1.250",
            }),
            Maker::CargoSpectre => json!({"Dimension": {
                "Code": u8::from(!found), "Length": l, "Width": w, "Height": h,
                "DimensionUnit": "mm", "Weight": 1, "WeightUnit": "kg",
            }}),
        };
        body.to_string()
    }

    fn request(&mut self) {
        match self.trouble {
            Some(Trouble::Silent) => return,
            Some(Trouble::Internal) => return self.answer("500 Internal Server Error", "sensor"),
            Some(Trouble::NoJson) => {
                return self.answer("200 OK", "{\"id\":\"1\" \"status\":true}");
            }
            Some(Trouble::Again) => {}
            _ => self.measured += 1,
        }
        let body = self.body();
        self.answer("200 OK", &body);
    }

    /// Bytes of the request at the front, once it is whole.
    fn whole(&self) -> Option<usize> {
        let end = self.input.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(self.input.get(..end)?).to_lowercase();
        let length = head.split_once("content-length:").map_or("0", |(_, l)| l);
        let length = length.lines().next().and_then(|l| l.trim().parse().ok());
        let whole = end.checked_add(length.unwrap_or(0_usize))?;
        (self.input.len() >= whole).then_some(whole)
    }
}

impl DeviceModel for HttpDimensioner {
    fn receive(&mut self, _now_ms: u64, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        while let Some(whole) = self.whole() {
            self.input.drain(..whole);
            self.request();
        }
        if self.input.len() > REQUEST_BYTES_MAX {
            self.input.clear();
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn disconnected(&mut self, _now_ms: u64) {
        self.input.clear();
        self.out.clear();
    }
}
