// Every norm against PyTorch 1.13 in float64: logits, gradients and Hessian-vector products of a small network. The numbers
// below are what this prints:
//
//   import torch
//   from torch import nn
//   torch.set_default_dtype(torch.float64)
//   def series(n, a, m): return torch.tensor([((i * a) % m) / m * 2 - 1 for i in range(n)])
//   def digest(v): v = v.reshape(-1); return [float(v.dot(series(v.numel(), 5, 97))), float(v.dot(v))]
//   def case(layer):
//       net = nn.Sequential(layer, nn.Flatten(), nn.Linear(24, 3))
//       theta = series(sum(p.numel() for p in net.parameters()), 29, 101)
//       nn.utils.vector_to_parameters(theta, net.parameters())
//       images = series(3 * 24, 37, 89).reshape(3, 4, 2, 3).requires_grad_()
//       logits, ps = net(images), list(net.parameters())
//       loss = nn.functional.cross_entropy(logits, torch.tensor([2, 0, 1]))
//       g = torch.autograd.grad(loss, [*ps, images], create_graph=True)
//       flat = torch.cat([p.reshape(-1) for p in g[:-1]])
//       hv = torch.autograd.grad(flat.dot(series(flat.numel(), 17, 103)), [*ps, images])
//       hv_flat = torch.cat([p.reshape(-1) for p in hv[:-1]])
//       print([digest(v) for v in (logits, flat, g[-1], hv_flat, hv[-1])])
import { describe, test } from "vitest";
import type { Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { localResponseNorm } from "../../src/nn/local-response-norm.ts";
import { sequential } from "../../src/nn/model.ts";
import { batchNorm2d, groupNorm, instanceNorm2d } from "../../src/nn/norm.ts";
import { expectClose } from "../helpers.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { engines, reference } from "./differences.ts";

type Digest = readonly [dot: number, square: number];
interface Case {
  readonly torch: string;
  readonly layer: Layer;
  readonly digests: Readonly<Record<"logits" | "parameters" | "images" | "hvParameters" | "hvImages", Digest>>;
}

/** Float64 loops differ from PyTorch's by the order of sums; float32 kernels by rounding. A share of v·v or more. */
const referenceTolerance = 1e-13;
const engineTolerance = networkTolerances.norms;

const cases: readonly Case[] = [
  {
    torch: "InstanceNorm2d(4, affine=True)",
    layer: instanceNorm2d(),
    digests: {
      logits: [-0.8575509350024146, 33.0157796795883],
      parameters: [4.0841846223288485, 15.520522594905902],
      images: [0.20761701784288195, 2.1958671138797112],
      hvParameters: [10.648778798942134, 126.66504851793654],
      hvImages: [-0.9897712983106874, 12.76393374001344],
    },
  },
  {
    torch: "InstanceNorm2d(4, eps=0.01)",
    layer: instanceNorm2d({ affine: false, eps: 0.01 }),
    digests: {
      logits: [3.9964251408499427, 135.84403603565647],
      parameters: [0.034613238856260116, 4.362968310916098],
      images: [-0.9489905878300348, 4.046371099348379],
      hvParameters: [-0.2981564628148256, 0.24916420739081596],
      hvImages: [-0.06495095335613982, 0.5339917028753557],
    },
  },
  {
    torch: "GroupNorm(2, 4)",
    layer: groupNorm({ groups: 2 }),
    digests: {
      logits: [-0.7544299310299861, 34.81635965541511],
      parameters: [3.5568808040142623, 15.839376723254885],
      images: [0.24093899844409108, 2.5104157333559423],
      hvParameters: [9.467092742763704, 118.9578519864683],
      hvImages: [-1.6096103515016793, 13.201031363245708],
    },
  },
  {
    torch: "GroupNorm(1, 4, eps=0.1, affine=False)",
    layer: groupNorm({ groups: 1, affine: false, eps: 0.1 }),
    digests: {
      logits: [3.286297868059049, 103.64946915924527],
      parameters: [0.5720136305204756, 3.7232755091413567],
      images: [-0.38540034797175265, 3.3798176065794747],
      hvParameters: [-0.2941482695994614, 0.21216953328914792],
      hvImages: [-0.5050783541819555, 0.9049362395895163],
    },
  },
  {
    torch: "BatchNorm2d(4, track_running_stats=False)",
    layer: batchNorm2d(),
    digests: {
      logits: [-0.9764250307506245, 33.858681106129666],
      parameters: [4.1064572149039495, 16.24827904194563],
      images: [-0.25886365688855234, 2.7290402751520895],
      hvParameters: [10.70997446038691, 121.853218936953],
      hvImages: [-1.126845951470805, 12.773224265416706],
    },
  },
  {
    torch: "BatchNorm2d(4, affine=False, track_running_stats=False).eval()",
    layer: batchNorm2d({ affine: false }),
    digests: {
      logits: [3.853338733195694, 140.6788010188414],
      parameters: [0.40526791208783314, 4.645075372977943],
      images: [-0.4551581204492097, 5.657162711474111],
      hvParameters: [-0.30982209974192887, 0.2738820831453404],
      hvImages: [-0.2790709699295604, 0.9029871443828433],
    },
  },
  {
    torch: "LocalResponseNorm(4, alpha=2)",
    layer: localResponseNorm({ size: 4, alpha: 2 }),
    digests: {
      logits: [0.47857903439110294, 26.968238975719693],
      parameters: [0.5029033398049184, 1.2423336009719832],
      images: [-0.12826484799460044, 0.8078510943560091],
      hvParameters: [-0.10063883088014143, 0.0957179669687446],
      hvImages: [-0.07750116916034834, 0.10456659904130951],
    },
  },
  {
    torch: "LocalResponseNorm(3, alpha=1.5, beta=0.6, k=0.5)",
    layer: localResponseNorm({ size: 3, alpha: 1.5, beta: 0.6, k: 0.5 }),
    digests: {
      logits: [1.780274018121192, 53.73634634224937],
      parameters: [0.6301775090540532, 2.307410191073893],
      images: [-0.21387840193816282, 1.2874982217874664],
      hvParameters: [-0.20320812049645645, 0.13418782975376484],
      hvImages: [-0.10602088238608712, 0.13127817020493232],
    },
  },
  {
    torch: "LocalResponseNorm(5)",
    layer: localResponseNorm({ size: 5 }),
    digests: {
      logits: [1.5347637689144888, 44.26186393966202],
      parameters: [0.6562969205467897, 1.9924030163661528],
      images: [-0.13501508526844724, 2.026714774745868],
      hvParameters: [-0.1707001938585524, 0.1376170254104347],
      hvImages: [-0.21638858798855157, 0.4769082976506796],
    },
  },
];

const series = (n: number, a: number, m: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => (((i * a) % m) / m) * 2 - 1);

function digest(values: ArrayLike<number>): number[] {
  const weights = series(values.length, 5, 97);
  let [dot, square] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    dot += values[i]! * weights[i]!;
    square += values[i]! * values[i]!;
  }
  return [dot, square];
}

describe.each([reference, ...engines])("on $backend.name", (engine) => {
  const tolerance = engine === reference ? referenceTolerance : engineTolerance;

  test.each(cases)("$torch is PyTorch's", async ({ torch, layer, digests }) => {
    const model = sequential([4, 2, 3], [layer, flatten(), linear({ out: 3 })]);
    const net = await engine.bind(model);
    const parameters = series(model.parameterCount, 29, 101);
    const point = { parameters, images: series(3 * 24, 37, 89), targets: Uint8Array.of(2, 0, 1) };
    const gradients = await net.gradients(point);
    const product = await net.hessianVectorProduct({ ...point, vector: series(model.parameterCount, 17, 103) });
    const got = {
      logits: gradients.logits,
      parameters: gradients.parameters,
      images: gradients.images,
      hvParameters: product.parameters,
      hvImages: product.images,
    };
    for (const part of Object.keys(got) as (keyof typeof got)[]) {
      const scale = Math.max(1, ...digests[part].map(Math.abs));
      const residual = expectClose(digest(got[part]), digests[part], tolerance, `${torch}: ${part}`, scale);
      if (engine !== reference) noteResidual("norms", residual);
    }
  });
});
